// A network that breaks: a TCP proxy that cuts a connection after so many bytes from the client, however often it is opened again.
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'

export type CuttingProxy = { url: string; cuts: () => number; close(): Promise<void> }

/** Forwards to `target`; each connection is reset once the client has sent `bytes` on it. */
export async function startCuttingProxy(target: string, bytes: number): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let cuts = 0
  const server = createServer((client) => {
    const upstream = createConnection({ host: hostname, port: Number(port) })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => sockets.delete(socket))
    }
    let sent = 0
    client.on('data', (chunk: Buffer) => {
      const rest = bytes - sent
      sent += chunk.length
      const flows = upstream.write(chunk.subarray(0, Math.max(0, rest)))
      if (sent >= bytes) {
        cuts++
        upstream.end()
        client.resetAndDestroy()
      } else if (!flows) {
        client.pause()
        upstream.once('drain', () => client.resume())
      }
    })
    client.once('end', () => upstream.end())
    upstream.pipe(client)
    client.once('close', () => upstream.destroySoon())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

// The few lines that every HTTP stand-in needs: listen on loopback, stop at once, read a body.
import type { IncomingMessage, Server } from 'node:http'

export type RunningServer = { url: string; port: number; stop(): Promise<void> }

const maxBodyBytes = 1_000_000

/** Listens on 127.0.0.1 (port 0 takes a free one). `stop` also ends connections that are open. Rejects when the port is taken. */
export async function listen(server: Server, port: number): Promise<RunningServer> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  const actualPort = typeof address === 'object' && address ? address.port : port
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${actualPort}`, port: actualPort, stop }
}

/** The body as text. Rejects beyond a megabyte and when the client leaves. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) throw new RangeError('the body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

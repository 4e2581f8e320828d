// Stands in for clamd in development and tests: speaks INSTREAM as the daemon does, its limits and its bad manners included, and knows one signature: EICAR.
import { createServer, type AddressInfo, type Socket } from 'node:net'

/** How it may misbehave. `limit`: the size over which it breaks off; `says`: what it answers instead of a verdict. */
export type ClamdStandin = {
  url: string
  /** Answers nothing until `release`. */
  hold(): void
  release(): void
  misbehave(how: { limit?: number; says?: string; hangsUp?: boolean }): void
  /** How many streams it has judged. */
  scans(): number
  stop(): Promise<void>
}

const eicar = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('')
const usualLimit = 104_857_600

export async function startClamdStandin(port = 0): Promise<ClamdStandin> {
  const state = { limit: usualLimit, says: undefined as string | undefined, hangsUp: false, scans: 0 }
  let gate: PromiseWithResolvers<void> | undefined
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    const read = createReader()
    socket.on('data', (chunk: Buffer) => {
      const seen = read(chunk, state.limit)
      if (seen === null) return
      socket.removeAllListeners('data')
      state.scans++
      if (state.hangsUp) return void socket.destroy()
      void (gate?.promise ?? Promise.resolve()).then(() => socket.end(`${state.says ?? seen}\0`))
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: () => void (gate = Promise.withResolvers<void>()),
    release: () => {
      gate?.resolve()
      gate = undefined
    },
    misbehave: ({ limit = usualLimit, says, hangsUp = false }) => Object.assign(state, { limit, says, hangsUp }),
    scans: () => state.scans,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Takes bytes as they come; the daemon's line once the stream has ended or is too long. */
function createReader(): (chunk: Buffer, limit: number) => string | null {
  const command = 'zINSTREAM\0'
  let pending = Buffer.alloc(0)
  let hasCommand = false
  let total = 0
  let tail = ''
  let isInfected = false
  return (chunk, limit) => {
    pending = Buffer.concat([pending, chunk])
    if (!hasCommand) {
      if (pending.length < command.length) return null
      if (pending.toString('latin1', 0, command.length) !== command) return 'UNKNOWN COMMAND'
      pending = pending.subarray(command.length)
      hasCommand = true
    }
    while (pending.length >= 4) {
      const length = pending.readUInt32BE(0)
      if (length === 0) return isInfected ? 'stream: Eicar-Test-Signature FOUND' : 'stream: OK'
      if (total + length > limit) return 'INSTREAM size limit exceeded. ERROR'
      if (pending.length < 4 + length) return null
      const seen = tail + pending.toString('latin1', 4, 4 + length)
      isInfected ||= seen.includes(eicar)
      tail = seen.slice(-eicar.length)
      total += length
      pending = pending.subarray(4 + length)
    }
    return null
  }
}

// Asks clamd about a file by INSTREAM (the daemon's own protocol: frames of a 4-byte length and bytes, an empty frame at the end, one line back). Only its
// two plain answers count; whatever else it says, and however it stops talking, the file was not scanned.
import { createConnection, type Socket } from 'node:net'
import type { Scan, Scanner } from '../../domain/upload-ports.ts'

export type ClamdOptions = {
  /** `tcp://host:port` or `unix:/path`. */
  url: string
  /** The daemon's own limits (StreamMaxLength, MaxFileSize): a larger file it would pass by without a word. */
  maxBytes: number
  /** Without a byte either way for this long there is no answer. */
  silenceMs?: number
}

const frameBytes = 262_144
const connectMs = 3_000
const selfTestEveryMs = 10 * 60_000
const mostAnswer = 4_096
// The test file of EICAR, in two halves so that no scanner finds it in this one.
const eicar = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('')

/** A scanner by clamd. It proves itself first, and again every ten minutes: one that does not know EICAR has no signatures and finds nothing. */
export function createClamdScanner(options: ClamdOptions): Scanner {
  let provenUntilMs = 0
  async function isFit(signal: AbortSignal): Promise<boolean | null> {
    if (Date.now() < provenUntilMs) return true
    const answer = await converse(options, oneChunk(Buffer.from(eicar)), signal)
    if (answer === null) return null
    if (verdictOf(answer).verdict !== 'infected') return false
    provenUntilMs = Date.now() + selfTestEveryMs
    return true
  }
  return {
    async scan(content, bytes, signal) {
      try {
        if (bytes > options.maxBytes) return { verdict: 'not_scanned', detail: 'too_large' }
        const fit = await isFit(signal)
        if (fit === null) return { verdict: 'unavailable' }
        if (!fit) return { verdict: 'not_scanned', detail: 'no_signatures' }
        const answer = await converse(options, content, signal)
        return answer === null ? { verdict: 'unavailable' } : verdictOf(answer)
      } finally {
        content.destroy()
      }
    },
  }
}

/** Where there is no scanner nothing is scanned, and that is said. */
export function createNoScanner(): Scanner {
  return {
    async scan(content) {
      content.destroy()
      return { verdict: 'not_scanned', detail: 'no_scanner' }
    },
  }
}

/** An exact line or nothing. A heuristic that only says "over the limits" has not looked at the file. */
function verdictOf(answer: string): Scan {
  if (answer === 'stream: OK') return { verdict: 'clean' }
  const found = /^stream: (.+) FOUND$/.exec(answer)?.[1]
  if (found === undefined || found === '(null)' || found.startsWith('Heuristics.Limits.Exceeded'))
    return { verdict: 'not_scanned', detail: 'no_verdict' }
  return { verdict: 'infected', detail: found }
}

/** The daemon's line; '' when it broke off while we talked, null when it was not there. */
async function converse(
  { url, silenceMs = 60_000 }: ClamdOptions,
  content: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<string | null> {
  const socket = await connect(url, signal).catch(() => null)
  if (!socket) return null
  const answer = readAnswer(socket)
  socket.setTimeout(silenceMs, () => socket.destroy())
  const abort = (): void => void socket.destroy()
  signal.addEventListener('abort', abort, { once: true })
  try {
    await send(socket, 'zINSTREAM\0')
    for await (const chunk of content) {
      // It may have said its word before the end: too long, or a virus in the first block.
      if (answer.isOver()) break
      for (let at = 0; at < chunk.length; at += frameBytes) await sendFrame(socket, chunk.subarray(at, at + frameBytes))
    }
    if (!answer.isOver()) await sendFrame(socket, Buffer.alloc(0))
  } catch {
    // Its answer, if it gave one before it hung up, is still to be read.
  }
  const line = await answer.line
  signal.removeEventListener('abort', abort)
  socket.destroy()
  return line
}

function connect(url: string, signal: AbortSignal): Promise<Socket> {
  const target = url.startsWith('unix:') ? { path: url.slice('unix:'.length).replace(/^\/\//, '') } : addressOf(url)
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = createConnection(target)
  const timer = setTimeout(() => socket.destroy(new Error('no connection in time')), connectMs)
  socket.once('connect', () => {
    clearTimeout(timer)
    resolve(socket)
  })
  socket.on('error', reject)
  if (signal.aborted) socket.destroy(new Error('aborted'))
  return promise
}

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url)
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 3_310) }
}

function readAnswer(socket: Socket): { line: Promise<string>; isOver: () => boolean } {
  const { promise, resolve } = Promise.withResolvers<string>()
  let text = ''
  let over = false
  const finish = (): void => {
    over = true
    resolve(text.split('\0')[0]?.trim() ?? '')
  }
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    if (text.includes('\0') || text.length > mostAnswer) finish()
  })
  socket.once('close', finish)
  return { line: promise, isOver: () => over }
}

async function sendFrame(socket: Socket, bytes: Buffer): Promise<void> {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  socket.write(length)
  if (bytes.length > 0) await send(socket, bytes)
}

/** Resolves when more may be written. */
async function send(socket: Socket, data: Buffer | string): Promise<void> {
  if (socket.destroyed) throw new Error('the connection is gone')
  if (socket.write(data)) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onClose = (): void => reject(new Error('the connection is gone'))
  socket.once('drain', resolve)
  socket.once('close', onClose)
  await promise.finally(() => {
    socket.off('drain', resolve)
    socket.off('close', onClose)
  })
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

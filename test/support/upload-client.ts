// A tus client for tests: one request at a time, every header in the open, so that a test says exactly what it sends.
import { createHash } from 'node:crypto'
import { request, type IncomingHttpHeaders, type RequestOptions } from 'node:http'

export type TusAnswer = { status: number; headers: IncomingHttpHeaders; text: string; body: Record<string, unknown> }

/** Sends one request with its body as it is; `content-length` is set unless `isChunked`. Rejects when the connection breaks. */
export function send(
  base: string,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: Buffer | string,
  { isChunked = false } = {},
): Promise<TusAnswer> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const { hostname, port } = new URL(base)
  const length = bytes && !isChunked ? { 'content-length': String(bytes.length) } : {}
  const options: RequestOptions = {
    hostname,
    port,
    method,
    path,
    headers: { 'tus-resumable': '1.0.0', ...length, ...headers },
    agent: false,
  }
  return new Promise((resolve, reject) => {
    const req = request(options, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        let parsed: Record<string, unknown> = {}
        try {
          parsed = JSON.parse(text) as Record<string, unknown>
        } catch {
          // Not every answer is JSON.
        }
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text, body: parsed })
      })
      res.on('error', reject)
    })
    let isAnswered = false
    req.once('response', () => (isAnswered = true))
    // A refusal may close the connection before the whole body is sent: the answer is what counts.
    req.on('error', (error) => setTimeout(() => isAnswered || reject(error), 50))
    req.end(bytes)
  })
}

/** `key base64,key base64`. */
export function metadata(entries: Record<string, string>): string {
  return Object.entries(entries)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',')
}

export const bytesType = { 'content-type': 'application/offset+octet-stream' }

/** Bytes that are plain text and the same for the same seed, of any length. */
export function textBytes(length: number, seed = 'a'): Buffer {
  const line = Buffer.from(`${createHash('sha256').update(seed).digest('hex')}\n`)
  const bytes = Buffer.alloc(length, line)
  // No two lines alike in a row, so that a shift by a line is seen.
  for (let at = 0, line = 0; at + 8 < length; at += 65, line++) bytes.write(line.toString(36).padStart(7, '0'), at, 'latin1')
  return bytes
}

export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')

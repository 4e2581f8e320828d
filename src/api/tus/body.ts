// The body of a request that brings bytes: bounded in silence, not in time; and what becomes of it when nobody reads it to its end.
import type { Request, Response } from 'express'
import { SECOND_MS } from '../../lib/durations.ts'

const silenceMs = 30 * SECOND_MS
const farewellMs = 2 * SECOND_MS

/** The chunks of the body. A sender that is silent for 30 s is gone. */
export async function* readUploadBody(req: Request): AsyncGenerator<Uint8Array> {
  req.setTimeout(silenceMs, () => req.destroy(new Error('the body fell silent')))
  try {
    for await (const chunk of req) yield chunk as Uint8Array
  } finally {
    req.setTimeout(0)
  }
}

/** A refused body may have gigabytes to come: the answer is sent, then the connection ends, soon if the sender does not notice. */
export function leaveBody(req: Request, res: Response): void {
  if (req.complete || req.destroyed) return
  // Read on and forget: closing on unread bytes resets the connection, and the client may lose the answer with it.
  req.resume()
  res.once('finish', () => {
    const timer = setTimeout(() => req.destroy(), farewellMs).unref()
    req.once('end', () => clearTimeout(timer))
  })
}

/** The bytes that the request says it brings; undefined for a chunked body. */
export function announcedBytes(req: Request, contentLength: number | undefined): number | undefined {
  if (contentLength !== undefined) return contentLength
  return req.headers['transfer-encoding'] === undefined ? 0 : undefined
}

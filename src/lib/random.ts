// Random bytes for ids and nonces. Drawn from the system's generator in pages, since a call for a few bytes costs as much as one for thousands.
import { randomFillSync } from 'node:crypto'

const page = Buffer.alloc(8_192)
let used = page.length

/** `length` (at most 1,024) bytes that nobody was given before and nobody can foresee. */
export function randomBytes(length: number): Buffer {
  if (length > 1_024) throw new RangeError('at most 1,024 random bytes at once')
  if (used + length > page.length) {
    randomFillSync(page)
    used = 0
  }
  const bytes = Buffer.from(page.subarray(used, used + length))
  // What was given out is not kept.
  page.fill(0, used, used + length)
  used += length
  return bytes
}

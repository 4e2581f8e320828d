// Bounded reads from the input.
import { readSync } from 'node:fs'

export type ByteSource = {
  readonly size: number
  /** Up to `length` bytes from `offset`; fewer at the end, none beyond it. */
  read(offset: number, length: number): Buffer
}

/** The source over an open file. */
export function fileSource(descriptor: number, size: number): ByteSource {
  return {
    size,
    read(offset, length) {
      const wanted = Math.max(0, Math.min(length, size - offset))
      const bytes = Buffer.alloc(wanted)
      let done = 0
      while (done < wanted) {
        const count = readSync(descriptor, bytes, done, wanted - done, offset + done)
        if (count === 0) break
        done += count
      }
      return bytes.subarray(0, done)
    },
  }
}

/** The source over bytes in memory, for tests and for what is small. */
export function memorySource(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(Math.min(offset, bytes.length), Math.min(bytes.length, offset + length)),
  }
}

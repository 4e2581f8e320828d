// The whole input as one buffer, for tasks that need random access to all of it. Whoever starts them bounds the size before.
import type { ByteSource } from './byte-source.ts'

/** Up to this many bytes are taken (100 MiB). */
export const maxInputBytes = 104_857_600

/** All bytes; null when there are more than `maxInputBytes`. */
export function readAll(input: ByteSource): Buffer | null {
  return input.size > maxInputBytes ? null : input.read(0, input.size)
}

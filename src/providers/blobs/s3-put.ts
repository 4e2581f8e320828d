// Puts one object into S3, of whatever length: in one call, or in parts when it is too long to be held.
import type { Part, S3Objects } from './s3-objects.ts'
import { AppError } from '../../errors.ts'

/** Leaves the whole object at `name` or nothing new. `partBytes`: at least 5 MiB (S3), and as much as is held at once. */
export async function putWhole(
  objects: Pick<S3Objects, 'put' | 'begin' | 'putPart' | 'complete' | 'abort'>,
  name: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  partBytes: number,
): Promise<void> {
  const pieces = piecesOf(content instanceof Uint8Array ? inOne(content) : content, partBytes)
  const first = await pieces.next()
  const second = await pieces.next()
  if (second.done === true) {
    await objects.put(name, first.done === true ? new Uint8Array() : first.value)
    return
  }
  const uploadId = await objects.begin(name)
  try {
    const parts: Part[] = [
      await objects.putPart(name, uploadId, 1, first.value as Buffer),
      await objects.putPart(name, uploadId, 2, second.value),
    ]
    for await (const piece of pieces) parts.push(await objects.putPart(name, uploadId, parts.length + 1, piece))
    const outcome = await objects.complete(name, uploadId, parts)
    if (outcome !== 'done')
      throw new AppError('service_degraded', { retryAfterMs: 5_000 }, { cause: new Error(`S3 has no such parts: ${outcome}`) })
  } catch (error) {
    await objects.abort(name, uploadId).catch(() => {})
    throw error
  }
}

async function* inOne(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content
}

/** The same bytes in pieces of `bytes` each, the last one shorter. */
async function* piecesOf(content: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Buffer, void> {
  let pending: Uint8Array[] = []
  let pendingBytes = 0
  for await (const chunk of content) {
    pending.push(chunk)
    pendingBytes += chunk.byteLength
    if (pendingBytes < bytes) continue
    const whole = Buffer.concat(pending)
    let from = 0
    for (; whole.length - from >= bytes; from += bytes) yield whole.subarray(from, from + bytes)
    pending = [whole.subarray(from)]
    pendingBytes = whole.length - from
  }
  if (pendingBytes > 0) yield Buffer.concat(pending)
}

// Where the signature stands in what is appended to a document, looked at byte by byte: the process that prepared it read a stranger's file, and what it
// says of its own work counts for nothing.
import { createHash } from 'node:crypto'
import { sealReserveBytes } from '../../contracts/seal.ts'
import type { BlobStore } from '../upload-ports.ts'
import { SealingFailed, SealingUpset } from './seal-fault.ts'

export type ByteRange = readonly [number, number, number, number]

const opening = 0x3c
const closing = 0x3e
const zero = 0x30

/**
 * Throws SealingUpset unless the range begins with the file, leaves out nothing but one empty hexadecimal string of the length that is reserved, lies in the increment
 * with it, and ends with the file.
 */
export function requireLayout(increment: Buffer, documentBytes: number, [from, firstBytes, second, secondBytes]: ByteRange): void {
  const gap = increment.subarray(firstBytes - documentBytes, second - documentBytes)
  const isWhole = from === 0 && firstBytes > documentBytes && second + secondBytes === documentBytes + increment.length
  const isEmpty = gap[0] === opening && gap.at(-1) === closing && gap.subarray(1, -1).every((byte) => byte === zero)
  if (!isWhole || !isEmpty || gap.length !== 2 * sealReserveBytes + 2) throw new SealingUpset('layout')
}

/** SHA-256 of what the signature covers: the document as it was sent, and the increment but for the gap. Throws as `documentContent` does. */
export async function digestCovered(
  content: AsyncIterable<Uint8Array>,
  increment: Buffer,
  documentBytes: number,
  [, firstBytes, second]: ByteRange,
): Promise<Buffer> {
  const hash = createHash('sha256')
  for await (const chunk of content) hash.update(chunk)
  hash.update(increment.subarray(0, firstBytes - documentBytes))
  return hash.update(increment.subarray(second - documentBytes)).digest()
}

/** The increment with the signature in its gap. */
export function fillGap(increment: Buffer, documentBytes: number, [, firstBytes]: ByteRange, signature: Buffer): Buffer {
  if (signature.length > sealReserveBytes) throw new SealingFailed('signature_too_long')
  const filled = Buffer.from(increment)
  filled.write(signature.toString('hex'), firstBytes - documentBytes + 1, 'latin1')
  return filled
}

/** The document's bytes as they were sent. Ends with SealingFailed `document_altered` when what is stored is something else by now. */
export async function* documentContent(
  blobs: Pick<BlobStore, 'read'>,
  { documentKey, documentSha256, documentBytes }: { documentKey: string; documentSha256: string; documentBytes: number },
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of (await blobs.read(documentKey)) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
    yield chunk
  }
  if (bytes !== documentBytes || hash.digest('hex') !== documentSha256) throw new SealingFailed('document_altered')
}

/** What one of our own small blobs holds. */
export async function readBlob(blobs: Pick<BlobStore, 'read'>, key: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of (await blobs.read(key)) as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

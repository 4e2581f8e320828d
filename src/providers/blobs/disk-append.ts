// Appending to one segment file: bytes go to the position where the counted ones end, and are durable (fdatasync) before they are counted.
import { open, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { BlobAppend } from '../../domain/upload-ports.ts'
import { AppError } from '../../errors.ts'
import { syncFolder } from './files.ts'
import type { Segment } from './segments.ts'

/** Small chunks are collected up to this before they are written. */
const batchBytes = 1_048_576

/** Opens a segment: a new one, which must not exist, or one to be continued, which is cut to what was counted of it. */
export async function openSegment(path: string, segment: Segment, isNew: boolean): Promise<BlobAppend> {
  const file = isNew ? await createFresh(path) : await open(path, 'r+')
  if (!isNew) await file.truncate(segment.length)
  return new SegmentAppend(file, path, segment, isNew)
}

/** A file of this name can only be left from a run that was never counted. */
async function createFresh(path: string): Promise<FileHandle> {
  return open(path, 'w', 0o600)
}

class SegmentAppend implements BlobAppend {
  readonly #file: FileHandle
  readonly #path: string
  readonly #segment: Segment
  #mustSyncFolder: boolean
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  /** Bytes of this append that are in the file. */
  #written = 0

  constructor(file: FileHandle, path: string, segment: Segment, isNew: boolean) {
    this.#file = file
    this.#path = path
    this.#segment = segment
    this.#mustSyncFolder = isNew
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.byteLength
    if (this.#pendingBytes >= batchBytes) await this.#drain()
  }

  async flush(everything: boolean): Promise<Awaited<ReturnType<BlobAppend['flush']>>> {
    if (everything) await this.#drain()
    const bytes = this.#written
    await this.#file.datasync().catch(asFull)
    if (this.#mustSyncFolder) await syncFolder(dirname(this.#path))
    this.#mustSyncFolder = false
    const { name, start, length } = this.#segment
    return { bytes, change: { set: bytes > 0 ? { [name]: `${start}:${length + bytes}` } : {}, remove: [] } }
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  async #drain(): Promise<void> {
    const chunks = this.#pending
    const bytes = this.#pendingBytes
    this.#pending = []
    this.#pendingBytes = 0
    if (bytes === 0) return
    let position = this.#segment.length + this.#written
    const { bytesWritten } = await this.#file.writev(chunks, position).catch(asFull)
    position += bytesWritten
    // A short write is the file system's right; the rest follows in one piece.
    if (bytesWritten < bytes) await this.#writeAll(Buffer.concat(chunks).subarray(bytesWritten), position)
    this.#written += bytes
  }

  async #writeAll(rest: Buffer, position: number): Promise<void> {
    for (let done = 0; done < rest.length;) {
      const { bytesWritten } = await this.#file.write(rest, done, rest.length - done, position + done).catch(asFull)
      done += bytesWritten
    }
  }
}

/** A full disk is something that the client may be told. */
function asFull(error: unknown): never {
  const isFull = error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT' || error.code === 'EFBIG')
  if (!isFull) throw error
  throw new AppError('insufficient_storage', { retryAfterMs: 60_000 }, { cause: error })
}

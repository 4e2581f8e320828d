// Taking bytes: lock, stream to the blob store, make durable, count. What was counted is on the disk; what was not is as if never sent.
import { createHash, randomUUID, timingSafeEqual, type Hash } from 'node:crypto'
import { AppError } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { Trace } from '../state-ports.ts'
import { enqueueSoon } from '../verification/enqueue-soon.ts'
import { traceOf } from '../verification/access.ts'
import type { BlobAppend, HeldUpload, UploadRecord } from '../upload-ports.ts'
import { requireRoom } from './create.ts'
import type { UploadDeps } from './deps.ts'
import { finaliseJob } from './jobs.ts'
import { accessibleUpload } from './owner.ts'
import { checkpointBytes, checkpointMs, idleMs, leaseMs, renewAfterMs } from './policy.ts'

export type Checksum = { algorithm: 'sha1' | 'sha256'; digest: Buffer }
/** `announced`: the length of this very body, if the request says it. `length`: of the whole upload, to end a deferral. */
export type AppendRequest = { offset: number; announced?: number; length?: number; checksum?: Checksum }

/**
 * Appends a body at `offset` and answers with the upload as it is then. When the body breaks off, what came is kept (unless a checksum was to be met)
 * and the error is thrown on. Throws `offset_conflict`, `upload_locked`, `too_large`, `checksum_mismatch`, `insufficient_storage`, `upload_expired`,
 * `upload_not_appendable`, `upload_not_found`.
 */
export async function appendToUpload(
  deps: UploadDeps,
  caller: Caller,
  id: string,
  request: AppendRequest,
  body: AsyncIterable<Uint8Array>,
  context: RequestContext,
): Promise<UploadRecord> {
  await accessibleUpload(deps, caller, id)
  const trace = traceOf(deps, caller, context)
  const token = randomUUID()
  const lock = await deps.uploads.lock(id, token, leaseMs, trace, deps.clock.nowMs())
  switch (lock.kind) {
    case 'missing':
      throw new AppError('upload_not_found')
    case 'locked':
      throw new AppError('upload_locked', { retryAfterMs: Math.min(lock.retryAfterMs, leaseMs) })
    case 'ended':
      return repeated(lock.record, request)
    case 'held':
      return new Writer(deps, id, token, trace, lock, request).run(body)
  }
}

/** An empty request at the end of a whole upload changes nothing: a client that lost our answer asks so. */
function repeated(record: UploadRecord, { offset, announced }: AppendRequest): UploadRecord {
  if (record.concat === 'final') throw new AppError('upload_not_appendable')
  if (record.status === 'expired') throw new AppError('upload_expired')
  if (offset !== record.offset) throw offsetConflict(record.offset)
  if (announced !== 0) throw new AppError('too_large', { detail: 'The upload has all its bytes.' })
  return record
}

function offsetConflict(offset: number): AppError {
  return new AppError('offset_conflict', { detail: `The upload goes on at ${offset}.` })
}

/** The lock went to somebody else: whatever this one does now counts for nothing. */
const lockLost = () => new AppError('upload_locked', { retryAfterMs: 1_000 })

/** One request's turn at an upload, from the lock to its release. */
class Writer {
  readonly #deps: UploadDeps
  readonly #id: string
  readonly #token: string
  readonly #trace: Trace
  readonly #request: AppendRequest
  readonly #held: HeldUpload
  readonly #hash: Hash | undefined
  #record: UploadRecord
  #append: BlobAppend | undefined
  #received = 0
  #counted: number
  #sentToDisk = 0
  #checkpointAtMs: number
  #heldUntilMs: number
  #checkpoint: Promise<void> | undefined
  #failure: unknown
  /** False once something may still be under way that we do not know the end of. */
  #isClean = true

  constructor(deps: UploadDeps, id: string, token: string, trace: Trace, held: HeldUpload, request: AppendRequest) {
    this.#deps = deps
    this.#id = id
    this.#token = token
    this.#trace = trace
    this.#held = held
    this.#record = held.record
    this.#request = request
    this.#counted = held.record.offset
    this.#checkpointAtMs = deps.clock.nowMs()
    this.#heldUntilMs = this.#checkpointAtMs + leaseMs
    this.#hash = request.checksum && createHash(request.checksum.algorithm)
  }

  async run(body: AsyncIterable<Uint8Array>): Promise<UploadRecord> {
    let isReleased = false
    try {
      await this.#admit()
      this.#append = await this.#open()
      const brokenOff = await this.#take(body)
      isReleased = await this.#finish(brokenOff)
      if (brokenOff) throw brokenOff.error
      return this.#record
    } finally {
      await this.#append?.close().catch(() => (this.#isClean = false))
      if (!isReleased) await this.#deps.uploads.release(this.#id, this.#token, this.#isClean).catch(() => {})
    }
  }

  /** Everything that can be refused before a byte is read. */
  async #admit(): Promise<void> {
    const { offset, announced, length } = this.#request
    if (offset !== this.#record.offset) throw offsetConflict(this.#record.offset)
    if (length !== undefined) await this.#declareLength(length)
    if (announced !== undefined && announced > this.#room())
      throw new AppError('too_large', { detail: 'The body goes beyond the length of the upload.' })
    await requireRoom(this.#deps, announced ?? 0)
  }

  async #declareLength(length: number): Promise<void> {
    if (length === this.#record.length) return
    if (length > this.#record.maxBytes)
      throw new AppError('too_large', { detail: `At most ${this.#record.maxBytes} bytes are taken for this type of upload.` })
    const isDeclared = length >= this.#record.offset && (await this.#deps.uploads.declareLength(this.#id, this.#token, length, this.#now()))
    if (!isDeclared) throw new AppError('invalid_request', { detail: 'The length of this upload is fixed or smaller than what it has.' })
    this.#record = { ...this.#record, length }
  }

  async #open(): Promise<BlobAppend> {
    const { fence, isClean, blob } = this.#held
    const opened = await this.#deps.blobs.openAppend({ key: this.#record.key, offset: this.#record.offset, blob, fence, isClean })
    if (opened.kind === 'open') return opened.append
    await this.#deps.uploads.rewind(this.#id, this.#token, opened.offset, opened.change, this.#trace, this.#now())
    throw offsetConflict(opened.offset)
  }

  /** Reads the body to its end or to where it breaks off. */
  async #take(body: AsyncIterable<Uint8Array>): Promise<{ error: unknown } | null> {
    const chunks = body[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await chunks.next().catch((error: unknown) => ({ done: true, brokenOff: { error } }) as const)
        if ('brokenOff' in next) return next.brokenOff
        if (next.done) return null
        await this.#write(next.value)
      }
    } finally {
      // The rest, if there is any, is left to whoever owns the connection.
      await this.#checkpoint
    }
  }

  async #write(chunk: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.#received += chunk.byteLength
    if (this.#received > this.#room()) throw new AppError('too_large', { detail: 'The body goes beyond the length of the upload.' })
    await this.#keepLock()
    this.#hash?.update(chunk)
    await this.#append?.write(chunk)
    const isMuch = this.#received - this.#sentToDisk >= checkpointBytes && this.#now() - this.#checkpointAtMs >= checkpointMs
    const isDue = isMuch && this.#received < this.#room()
    // The last byte is counted only once the body has ended, since it may go on beyond it. Nothing is counted before its checksum is known.
    if (isDue && !this.#hash && !this.#checkpoint)
      this.#checkpoint = this.#count(false).then(
        () => (this.#checkpoint = undefined),
        (error: unknown) => {
          this.#checkpoint = undefined
          this.#failure = error
        },
      )
  }

  /** A holder that was silent for long may have been superseded: it asks before it writes. */
  async #keepLock(): Promise<void> {
    const nowMs = this.#now()
    if (nowMs < this.#heldUntilMs - leaseMs + renewAfterMs || this.#checkpoint) return
    if (!(await this.#deps.uploads.renew(this.#id, this.#token, leaseMs, nowMs))) throw lockLost()
    this.#heldUntilMs = nowMs + leaseMs
  }

  async #finish(brokenOff: { error: unknown } | null): Promise<boolean> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#hash) {
      if (brokenOff) return false
      this.#requireChecksum(this.#hash)
    }
    const { offset } = this.#request
    if (this.#received === 0 && this.#record.length !== offset) return false
    const outcome = await this.#count(true)
    if (outcome !== 'completed') return false
    if (this.#record.concat !== 'partial') await enqueueSoon(this.#deps, finaliseJob(this.#id))
    return true
  }

  #requireChecksum(hash: Hash): void {
    const { checksum } = this.#request
    const found = hash.digest()
    if (!checksum || !timingSafeEqual(found, checksum.digest)) throw new AppError('checksum_mismatch')
  }

  /** Makes durable, then counts. */
  async #count(isLast: boolean): Promise<'advanced' | 'completed'> {
    this.#sentToDisk = this.#received
    this.#checkpointAtMs = this.#now()
    const { bytes, change } = (await this.#append?.flush(isLast)) ?? { bytes: 0, change: { set: {}, remove: [] } }
    const { offset } = this.#request
    const nowMs = this.#now()
    const isChunk = isLast && this.#received > 0
    const advance = {
      token: this.#token,
      from: this.#counted,
      to: offset + bytes,
      change,
      isChunk,
      chunkBytes: this.#received,
      idleMs,
      leaseMs,
    }
    const outcome = await this.#deps.uploads.advance(this.#id, advance, this.#trace, nowMs).catch((error: unknown) => {
      this.#isClean = false
      throw error
    })
    if (outcome === 'lost') throw lockLost()
    this.#counted = offset + bytes
    this.#heldUntilMs = nowMs + leaseMs
    this.#record = {
      ...this.#record,
      offset: this.#counted,
      status: outcome === 'completed' ? 'completed' : 'uploading',
      expiresAtMs: nowMs + idleMs,
    }
    return outcome
  }

  /** Bytes that this request may bring. */
  #room(): number {
    return (this.#record.length ?? this.#record.maxBytes) - this.#request.offset
  }

  #now(): number {
    return this.#deps.clock.nowMs()
  }
}

// What uploads need from the world: a book of uploads (Redis), durable rows of what was stored (Postgres), bytes, a sniffer, a scanner.
import type { Readable } from 'node:stream'
import type { RejectionReason, ScanVerdict, UploadStatus } from '../contracts/upload.ts'
import type { SniffResult } from '../contracts/inspection.ts'
import type { Trace } from './state-ports.ts'

/** What the blob store must remember of an open upload, as it named it. It means nothing to anybody else. */
export type BlobFields = Readonly<Record<string, string>>
export type BlobChange = { set: BlobFields; remove: readonly string[] }

/** The steps of a finalisation, in their order; a worker that takes over goes on with the first one that is not recorded. */
export const finaliseStages = ['assemble', 'digest', 'sniff', 'scan', 'move', 'record'] as const
export type FinaliseStage = (typeof finaliseStages)[number]

/** An upload as the store keeps it. What is personal (the file's name) is in `sealed`. */
export type UploadRecord = {
  id: string
  status: UploadStatus
  sequence: number
  /** Fingerprint of whoever it belongs to, under the key that wrote then. */
  owner: string
  /** By which its owner's uploads are listed. */
  ownerIndex: string
  /** Made without a credential: the id is the key to it. */
  isAnonymous: boolean
  session: string
  /** `tenant/session-uuid/upload-id`: where its bytes lie. */
  key: string
  uploadType: string
  maxBytes: number
  offset: number
  length?: number
  concat?: 'partial' | 'final'
  parts: readonly string[]
  chunks: number
  /** The largest chunk so far. */
  chunkBytes: number
  createdAtMs: number
  expiresAtMs: number
  sealed: string
  reason?: string
  /** The last stage that is done. */
  stage?: FinaliseStage
  sha256?: string
  mediaType?: string
  scan?: ScanVerdict
  storedAtMs?: number
  requestId: string
}

export type NewUpload = Pick<
  UploadRecord,
  'id' | 'owner' | 'ownerIndex' | 'isAnonymous' | 'session' | 'key' | 'uploadType' | 'maxBytes' | 'createdAtMs' | 'expiresAtMs' | 'sealed'
> & { length?: number; concat?: 'partial' | 'final'; parts?: readonly string[] }

export type CreateOutcome =
  | { kind: 'created'; record: UploadRecord }
  | { kind: 'too_many' }
  | { kind: 'no_room' }
  | { kind: 'too_large' }
  /** A part that is not there, not whole, not of this owner, or was joined before. */
  | { kind: 'bad_part' }

/** A held lock. `fence` rises with every holder; `isClean`: the one before said that it had finished writing. */
export type HeldUpload = { kind: 'held'; record: UploadRecord; fence: number; isClean: boolean; blob: BlobFields }
export type LockOutcome =
  | HeldUpload
  | { kind: 'locked'; retryAfterMs: number }
  | { kind: 'ended'; record: UploadRecord }
  | { kind: 'missing' }

export type Advance = {
  token: string
  from: number
  to: number
  change: BlobChange
  isChunk: boolean
  chunkBytes: number
  idleMs: number
  leaseMs: number
}

/** Who finalises: the job's own time stamp and how often it was started; a later pair supersedes an earlier one. */
export type FinaliseFence = { jobMs: number; starts: number }

export type FinaliseClaim =
  | { kind: 'go'; record: UploadRecord; blob: BlobFields; parts: readonly { key: string; blob: BlobFields }[] }
  | { kind: 'done'; status: UploadStatus | 'stale' | 'missing' }

/** What a stage found out. */
export type StageFacts = Partial<Pick<UploadRecord, 'sha256' | 'mediaType' | 'scan'>>
export type FinaliseVerdict = { kind: 'stored' } | { kind: 'rejected'; reason: RejectionReason } | { kind: 'failed'; reason: string }

/** Newest first: what is older than this place. */
export type UploadPosition = { createdAtMs: number; id: string }

export type UploadStore = {
  /** Says that a session is this owner's, from its first use on; what was anonymous may become a user's. False when it is somebody else's. */
  bindSession(session: string, print: string, owner: string, isAnonymous: boolean): Promise<boolean>
  create(upload: NewUpload, limits: { maxOpen: number; maxOpenBytes: number }, trace: Trace, nowMs: number): Promise<CreateOutcome>
  read(id: string): Promise<UploadRecord | null>
  lock(id: string, token: string, leaseMs: number, trace: Trace, nowMs: number): Promise<LockOutcome>
  /** Keeps the lock for `leaseMs` more; false when it was lost. */
  renew(id: string, token: string, leaseMs: number, nowMs: number): Promise<boolean>
  /** `isClean`: nothing of this holder writes any more. */
  release(id: string, token: string, isClean: boolean): Promise<void>
  /** Fixes a deferred length; false when the lock was lost or there is a length already. */
  declareLength(id: string, token: string, length: number, nowMs: number): Promise<boolean>
  /** The bytes up to `to` are durable. With the last byte also: status, intent and event, and the lock is free. */
  advance(id: string, advance: Advance, trace: Trace, nowMs: number): Promise<'advanced' | 'completed' | 'lost'>
  /** Bytes that were counted are gone: back to where they are whole. */
  rewind(id: string, token: string, to: number, change: BlobChange, trace: Trace, nowMs: number): Promise<void>
  /** Ends an open upload at its owner's wish: the bytes are to be removed now. */
  terminate(id: string, trace: Trace, nowMs: number): Promise<{ kind: 'terminated' | 'missing' | 'locked' | 'completed' | 'ended' }>
  claimFinalise(id: string, fence: FinaliseFence, nowMs: number): Promise<FinaliseClaim>
  /** Records that a stage is done; the upload's new sequence, or 0 when another run has taken over. */
  noteStage(id: string, fence: FinaliseFence, stage: FinaliseStage, facts: StageFacts, nowMs: number): Promise<number>
  /** Ends the finalisation, once; false when another run has taken over or it has ended. */
  settle(id: string, fence: FinaliseFence, verdict: FinaliseVerdict, nowMs: number): Promise<boolean>
  /** Fails an upload whose job ended without settling it. */
  abandon(id: string, jobId: string, nowMs: number): Promise<void>
  /** Of an owner's, or of all when there is no owner, those that are not in Postgres. */
  page(ownerIndex: string | null, before: UploadPosition | undefined, limit: number): Promise<{ records: UploadRecord[]; total: number }>
  /** Ends up to `limit` open uploads that were idle for too long; how many there were. */
  expireIdle(partition: number, limit: number, nowMs: number): Promise<number>
  /** Ended uploads whose bytes are to be removed by now. Never one that was stored. */
  dueRemovals(partition: number, limit: number, nowMs: number): Promise<{ id: string; key: string; blob: BlobFields }[]>
  confirmRemoval(id: string, key: string): Promise<void>
  /** Open uploads and bytes held for them, for the metrics. */
  openCount(partition: number): Promise<number>
}

/** A stored upload as Postgres keeps it for good. */
export type StoredUpload = {
  id: string
  owner: string
  isAnonymous: boolean
  session: string
  key: string
  uploadType: string
  bytes: number
  chunks: number
  sha256: string
  mediaType: string
  scan: ScanVerdict
  sealed: string
  sequence: number
  createdAtMs: number
  storedAtMs: number
}

export type StoredUploads = {
  /** Twice is once. */
  insert(upload: StoredUpload): Promise<void>
  read(id: string): Promise<StoredUpload | null>
  /** Of an owner's (any of its fingerprints), or of all. */
  page(
    owners: readonly string[] | null,
    before: UploadPosition | undefined,
    limit: number,
  ): Promise<{ records: StoredUpload[]; total: number }>
  /** Which of these keys belong to a row. */
  known(keys: readonly string[]): Promise<Set<string>>
}

/** Bytes `start` up to and including `end`. */
export type ByteRange = { start: number; end: number }

/** One writer's way into an open upload. Nobody else's bytes can be touched by it, whatever it does and however late. */
export type BlobAppend = {
  /** Takes bytes; resolves when more may come. Rejects with `insufficient_storage` when there is no room. */
  write(chunk: Uint8Array): Promise<void>
  /** Makes durable what can be now (`everything`: all that was written). How many bytes of this append are, and what to remember with that. */
  flush(everything: boolean): Promise<{ bytes: number; change: BlobChange }>
  /** Ends it. What was not flushed is as if never sent. */
  close(): Promise<void>
}

export type BlobStore = {
  kind: 'disk' | 's3'
  /** `short`: bytes that were counted are not there; what is whole ends at `offset`. */
  openAppend(at: {
    key: string
    offset: number
    blob: BlobFields
    fence: number
    isClean: boolean
  }): Promise<{ kind: 'open'; append: BlobAppend } | { kind: 'short'; offset: number; change: BlobChange }>
  /** Makes one object of `size` bytes of the sources, in quarantine. Twice is once. Throws BlobDamaged when bytes are missing. */
  assemble(key: string, size: number, sources: readonly { key: string; blob: BlobFields }[], signal: AbortSignal): Promise<void>
  /** The assembled object in quarantine. */
  readHeld(key: string): Promise<Readable>
  /** A file on this machine with the object's size, its first and its last megabyte (in between it may be empty), while `use` runs. */
  withSample<Value>(key: string, size: number, use: (path: string) => Promise<Value>): Promise<Value>
  /** From quarantine to its place for good. Twice is once. */
  promote(key: string, size: number): Promise<void>
  /** Removes whatever quarantine has of an upload, and nothing else. Twice is once. */
  discard(key: string, blob: BlobFields): Promise<void>
  read(key: string, range?: ByteRange): Promise<Readable>
  /** Bytes of a stored object; null only where the store itself is there and has none of this key. Rejects when that cannot be told. */
  sizeOf(key: string): Promise<number | null>
  /** Puts an object of our own making in its place, whole and durable or not at all; one that is there is replaced. Twice is once. */
  write(key: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void>
  /** Removes an object of our own making, and what a broken-off `write` left of it. Twice is once. */
  remove(key: string): Promise<void>
  /** The keys of the stored objects in one folder (the first two parts of a key). */
  keysIn(folder: string): Promise<string[]>
  /** A short-lived address from which the store itself serves the object; null where it cannot. */
  link(key: string, as: { disposition: string; mediaType: string }): Promise<string | null>
  /** Room for bytes on their way, in bytes. */
  freeBytes(): Promise<number>
  /** Everything there is, quarantined or stored. */
  inventory(): AsyncIterable<{ place: 'held' | 'stored'; key: string; bytes: number; changedAtMs: number }>
}

/** Bytes of an upload are gone or not as many as were counted: no retry brings them back. */
export class BlobDamaged extends Error {}

/** How an inspection in a child process ended. */
export type Inspection<Value> =
  | { kind: 'ok'; value: Value }
  | { kind: 'partial'; value: Value; reason: string }
  | { kind: 'rejected'; reason: string }
  | { kind: 'crashed'; signal: string }
  | { kind: 'timeout' }
  | { kind: 'memory' }

export type Sniffer = { sniff(path: string, signal: AbortSignal): Promise<Inspection<SniffResult>> }

/** `unavailable`: no verdict, ask again later. Anything but a scanner's plain word is `not_scanned`. */
export type Scan = { verdict: ScanVerdict; detail?: string } | { verdict: 'unavailable' }
export type Scanner = { scan(content: Readable, bytes: number, signal: AbortSignal): Promise<Scan> }

// How an upload looks to clients: one shape, whether it is on its way (Redis) or stored (Postgres).
import type { UploadSession, UploadSummary } from '../../contracts/upload.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { StoredUpload, UploadRecord } from '../upload-ports.ts'
import { openFacts } from './metadata.ts'
import { MIB } from './policy.ts'

/** How large a chunk is thought to be as long as none has come. */
const usualChunkBytes = 8 * MIB

export function isOpen(record: UploadRecord, nowMs: number): boolean {
  return (record.status === 'initialized' || record.status === 'uploading') && nowMs < record.expiresAtMs
}

/** The session of an upload as of now: one that nobody has swept yet is expired all the same. */
export function sessionOf(record: UploadRecord, nowMs: number): UploadSession {
  const { id, offset, length, chunks, sequence } = record
  const isLate = (record.status === 'initialized' || record.status === 'uploading') && nowMs >= record.expiresAtMs
  const canResume = isOpen(record, nowMs)
  return {
    id,
    status: isLate ? 'expired' : record.status,
    ...(record.reason === undefined ? {} : { reason: record.reason }),
    progress: progressOf(offset, length),
    receivedBytes: offset,
    totalBytes: length ?? null,
    completedChunks: chunks,
    totalChunks: totalChunksOf(record),
    nextOffset: offset,
    canResume,
    expiresAt: canResume ? timeOf(record.expiresAtMs) : null,
    ...(record.sha256 === undefined ? {} : { sha256: record.sha256 }),
    ...(record.scan === undefined ? {} : { scan: record.scan }),
    sequence,
  }
}

/** The same of an upload that only Postgres knows any more. */
export function storedSessionOf(stored: StoredUpload): UploadSession {
  const { id, bytes, chunks, sha256, scan, sequence } = stored
  const numbers = { receivedBytes: bytes, totalBytes: bytes, nextOffset: bytes, completedChunks: chunks, totalChunks: chunks }
  return { id, status: 'stored', progress: 100, ...numbers, canResume: false, expiresAt: null, sha256, scan, sequence }
}

export function summaryOf(keyring: Keyring, record: UploadRecord, nowMs: number): UploadSummary {
  return { ...sessionOf(record, nowMs), ...about(keyring, record), createdAt: timeOf(record.createdAtMs) }
}

export function storedSummaryOf(keyring: Keyring, stored: StoredUpload): UploadSummary {
  return {
    ...storedSessionOf(stored),
    ...about(keyring, stored),
    createdAt: timeOf(stored.createdAtMs),
    storedAt: timeOf(stored.storedAtMs),
  }
}

function about(keyring: Keyring, record: Pick<UploadRecord, 'id' | 'sealed' | 'uploadType' | 'session'> & { mediaType?: string }) {
  const facts = openFacts(keyring, record.id, record.sealed)
  const filetype = record.mediaType ?? facts.filetype
  return {
    ...(facts.filename === undefined ? {} : { filename: facts.filename }),
    ...(filetype === undefined ? {} : { filetype }),
    uploadType: record.uploadType,
    sessionId: record.session,
  }
}

function progressOf(offset: number, length: number | undefined): number {
  if (length === undefined) return 0
  return length === 0 ? 100 : Math.floor((offset / length) * 10_000) / 100
}

function totalChunksOf({ offset, length, chunks, chunkBytes }: UploadRecord): number | null {
  if (length === undefined) return null
  return chunks + Math.ceil((length - offset) / (chunkBytes || usualChunkBytes))
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

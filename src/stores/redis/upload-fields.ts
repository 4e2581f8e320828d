// Between the flat fields of a Redis hash and the record of an upload.
import { scanVerdicts, uploadStatuses, type UploadStatus } from '../../contracts/upload.ts'
import { finaliseStages, type UploadRecord } from '../../domain/upload-ports.ts'
import { wordOf } from './verification-fields.ts'

export function uploadOf(id: string, fields: Record<string, string>): UploadRecord | null {
  if (!fields.status) return null
  return {
    id,
    status: wordOf(uploadStatuses, fields.status),
    sequence: Number(fields.sequence),
    owner: fields.owner ?? '',
    ownerIndex: fields.ownerIndex ?? '',
    isAnonymous: fields.isAnonymous === '1',
    session: fields.session ?? '',
    key: fields.key ?? '',
    uploadType: fields.uploadType ?? '',
    maxBytes: Number(fields.maxBytes),
    offset: Number(fields.offset),
    parts: JSON.parse(fields.parts ?? '[]') as string[],
    chunks: Number(fields.chunks),
    chunkBytes: Number(fields.chunkBytes),
    createdAtMs: Number(fields.createdAtMs),
    expiresAtMs: Number(fields.expiresAtMs),
    sealed: fields.sealed ?? '',
    requestId: fields.requestId ?? '',
    ...(fields.length === undefined ? {} : { length: Number(fields.length) }),
    ...(fields.concat === undefined ? {} : { concat: wordOf(['partial', 'final'] as const, fields.concat) }),
    ...(fields.reason === undefined ? {} : { reason: fields.reason }),
    ...(fields.stage === undefined ? {} : { stage: wordOf(finaliseStages, fields.stage) }),
    ...(fields.sha256 === undefined ? {} : { sha256: fields.sha256 }),
    ...(fields.mediaType === undefined ? {} : { mediaType: fields.mediaType }),
    ...(fields.scan === undefined ? {} : { scan: wordOf(scanVerdicts, fields.scan) }),
    ...(fields.storedAtMs === undefined ? {} : { storedAtMs: Number(fields.storedAtMs) }),
  }
}

/** Why a finalisation has nothing to do. */
export function claimStatusOf(text: string): UploadStatus | 'stale' | 'missing' {
  return wordOf([...uploadStatuses, 'stale', 'missing'] as const, text)
}

// Between the flat fields of a Redis hash and the record of a document.
import { documentStages, documentStatuses, stageStatuses, type DocumentStage } from '../../contracts/document.ts'
import type { DocumentRecord, StageRecord } from '../../domain/document-ports.ts'
import { wordOf } from './verification-fields.ts'

export function documentOf(id: string, fields: Record<string, string>): DocumentRecord | null {
  if (!fields.status) return null
  const stages = Object.fromEntries(documentStages.map((stage) => [stage, stageOf(stage, fields)])) as Record<DocumentStage, StageRecord>
  return {
    id,
    status: wordOf(documentStatuses, fields.status),
    sequence: Number(fields.sequence),
    owner: fields.owner ?? '',
    uploadId: fields.uploadId ?? '',
    storageKey: fields.storageKey ?? '',
    sha256: fields.sha256 ?? '',
    bytes: Number(fields.bytes),
    sealed: fields.sealed ?? '',
    version: fields.version ?? '',
    stages,
    step: fields.step ? wordOf(documentStages, fields.step) : null,
    progress: Number(fields.progress),
    createdAtMs: Number(fields.createdAtMs),
    requestId: fields.requestId ?? '',
    ...(fields.model === undefined ? {} : { model: fields.model }),
    ...(fields.pages === undefined ? {} : { pages: Number(fields.pages) }),
    ...(fields.reason === undefined ? {} : { reason: fields.reason }),
    ...(fields.endedAtMs === undefined ? {} : { endedAtMs: Number(fields.endedAtMs) }),
  }
}

function stageOf(stage: DocumentStage, fields: Record<string, string>): StageRecord {
  const reason = fields[`r:${stage}`]
  return { status: wordOf(stageStatuses, fields[`s:${stage}`] ?? 'waiting'), ...(reason === undefined ? {} : { reason }) }
}

// Documents in Postgres: the row of each, for good. Where one stands while it is processed is src/stores/redis/documents.ts'.
import { documentStages, documentStatuses, type DocumentStage } from '../../contracts/document.ts'
import type { DocumentRecord, DocumentRows, StageRecord } from '../../domain/document-ports.ts'
import type { Pool } from './pool.ts'

type Row = {
  id: string
  owner: string
  upload_id: string
  storage_key: string
  sha256: Buffer
  bytes: string
  sealed: string
  version: string
  model: string | null
  status: string
  reason: string | null
  stages: Record<DocumentStage, StageRecord>
  progress: number
  pages: number | null
  sequence: number
  request_id: string
  created_at: Date
  ended_at: Date | null
}

const save = `insert into documents (id, owner, upload_id, storage_key, sha256, bytes, sealed, version, model, status, reason, stages, progress, pages, sequence,
  request_id, created_at, ended_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
  on conflict (id) do update set model = excluded.model, status = excluded.status, reason = excluded.reason, stages = excluded.stages,
  progress = excluded.progress, pages = excluded.pages, sequence = excluded.sequence, ended_at = excluded.ended_at
  where documents.sequence < excluded.sequence`
const page = `select * from documents where ($1::text[] is null or owner = any($1)) and ($2::timestamptz is null or (created_at, id) < ($2, $3))
  order by created_at desc, id desc limit $4`
const count = 'select count(*)::int as total from documents where $1::text[] is null or owner = any($1)'

export function createDocumentRows(pool: Pool): DocumentRows {
  return {
    async save(record) {
      const { id, owner, uploadId, storageKey, sha256, bytes, sealed, version, model = null, status, reason = null, stages } = record
      const { progress, pages = null, sequence, requestId, createdAtMs, endedAtMs } = record
      const facts = [id, owner, uploadId, storageKey, Buffer.from(sha256, 'hex'), bytes, sealed, version, model, status, reason]
      const standing = [JSON.stringify(stages), progress, pages, sequence, requestId]
      await pool.query(save, [...facts, ...standing, new Date(createdAtMs), endedAtMs === undefined ? null : new Date(endedAtMs)])
    },

    async read(id) {
      const { rows } = await pool.query<Row>('select * from documents where id = $1', [id])
      return rows[0] ? documentOf(rows[0]) : null
    },

    async page(owners, before, limit) {
      const beforeAt = before ? new Date(before.createdAtMs) : null
      const [{ rows }, counted] = await Promise.all([
        pool.query<Row>(page, [owners, beforeAt, before?.id ?? null, limit]),
        pool.query<{ total: number }>(count, [owners]),
      ])
      return { records: rows.map(documentOf), total: counted.rows[0]?.total ?? 0 }
    },
  }
}

function documentOf(row: Row): DocumentRecord {
  return {
    id: row.id,
    owner: row.owner,
    uploadId: row.upload_id,
    storageKey: row.storage_key,
    sha256: row.sha256.toString('hex'),
    bytes: Number(row.bytes),
    sealed: row.sealed,
    version: row.version,
    status: documentStatuses.find((status) => status === row.status) ?? 'queued',
    stages: row.stages,
    step: row.ended_at ? null : (documentStages.find((stage) => row.stages[stage].status === 'waiting') ?? null),
    progress: row.progress,
    sequence: row.sequence,
    requestId: row.request_id,
    createdAtMs: row.created_at.getTime(),
    ...(row.model === null ? {} : { model: row.model }),
    ...(row.pages === null ? {} : { pages: row.pages }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.ended_at === null ? {} : { endedAtMs: row.ended_at.getTime() }),
  }
}

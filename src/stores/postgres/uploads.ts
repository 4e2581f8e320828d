// Stored uploads in Postgres: the durable half. Uploads on their way are src/stores/redis/uploads.ts'.
import { scanVerdicts } from '../../contracts/upload.ts'
import type { StoredUpload, StoredUploads } from '../../domain/upload-ports.ts'
import type { Pool } from './pool.ts'

type Row = {
  id: string
  owner: string
  is_anonymous: boolean
  session: string
  storage_key: string
  upload_type: string
  bytes: string
  chunks: number
  sha256: Buffer
  media_type: string
  scan: string
  sealed: string
  sequence: number
  created_at: Date
  stored_at: Date
}

const insert = `insert into uploads (id, owner, is_anonymous, session, storage_key, upload_type, bytes, chunks, sha256, media_type, scan, sealed, sequence,
  created_at, stored_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) on conflict (id) do nothing`
const page = `select * from uploads where ($1::text[] is null or owner = any($1)) and ($2::timestamptz is null or (created_at, id) < ($2, $3))
  order by created_at desc, id desc limit $4`
const count = 'select count(*)::int as total from uploads where $1::text[] is null or owner = any($1)'

export function createStoredUploads(pool: Pool): StoredUploads {
  return {
    async insert(upload) {
      const { id, owner, isAnonymous, session, key, uploadType, bytes, chunks, sha256, mediaType, scan, sealed, sequence } = upload
      const times = [new Date(upload.createdAtMs), new Date(upload.storedAtMs)]
      const hash = Buffer.from(sha256, 'hex')
      await pool.query(insert, [
        id,
        owner,
        isAnonymous,
        session,
        key,
        uploadType,
        bytes,
        chunks,
        hash,
        mediaType,
        scan,
        sealed,
        sequence,
        ...times,
      ])
    },

    async read(id) {
      const { rows } = await pool.query<Row>('select * from uploads where id = $1', [id])
      return rows[0] ? uploadOf(rows[0]) : null
    },

    async page(owners, before, limit) {
      const beforeAt = before ? new Date(before.createdAtMs) : null
      const [{ rows }, counted] = await Promise.all([
        pool.query<Row>(page, [owners, beforeAt, before?.id ?? null, limit]),
        pool.query<{ total: number }>(count, [owners]),
      ])
      return { records: rows.map(uploadOf), total: counted.rows[0]?.total ?? 0 }
    },

    async known(keys) {
      if (keys.length === 0) return new Set()
      const { rows } = await pool.query<{ storage_key: string }>('select storage_key from uploads where storage_key = any($1)', [keys])
      return new Set(rows.map((row) => row.storage_key))
    },
  }
}

function uploadOf(row: Row): StoredUpload {
  return {
    id: row.id,
    owner: row.owner,
    isAnonymous: row.is_anonymous,
    session: row.session,
    key: row.storage_key,
    uploadType: row.upload_type,
    bytes: Number(row.bytes),
    chunks: row.chunks,
    sha256: row.sha256.toString('hex'),
    mediaType: row.media_type,
    scan: scanVerdicts.find((verdict) => verdict === row.scan) ?? 'not_scanned',
    sealed: row.sealed,
    sequence: row.sequence,
    createdAtMs: row.created_at.getTime(),
    storedAtMs: row.stored_at.getTime(),
  }
}

// What was found in documents, by content and version of the analyser; pictures of pages beside it. Writing the same twice is writing it once.
import type { ResultStore, StageResult } from '../../domain/document-ports.ts'
import type { Pool } from './pool.ts'

const write = `insert into document_results (sha256, stage, version, result, made_at, reusable_until) values ($1, $2, $3, $4, $5, $6)
  on conflict (sha256, stage, version) do update set result = excluded.result, made_at = excluded.made_at, reusable_until = excluded.reusable_until`
const read = 'select result, reusable_until from document_results where sha256 = $1 and stage = $2 and version = $3'
const addThumbnail = `insert into document_thumbnails (sha256, version, page, webp)
  select $1, $2, page, webp from unnest($3::int[], $4::bytea[]) as image (page, webp) on conflict do nothing`
const pages = 'select page from document_thumbnails where sha256 = $1 and version = $2 order by page'
const thumbnail = 'select webp from document_thumbnails where sha256 = $1 and version = $2 and page = $3'

type Row = { result: StageResult; reusable_until: Date | null }

export function createDocumentResults(pool: Pool): ResultStore {
  const find = async ({ sha256, stage, version }: Parameters<ResultStore['read']>[0]): Promise<Row | undefined> => {
    const { rows } = await pool.query<Row>(read, [bytesOf(sha256), stage, version])
    return rows[0]
  }
  return {
    async read(key) {
      return (await find(key))?.result ?? null
    },

    async reusable(key, nowMs) {
      const row = await find(key)
      return row && (row.reusable_until === null || row.reusable_until.getTime() > nowMs) ? row.result : null
    },

    async write({ sha256, stage, version }, result, nowMs, keptMs) {
      const until = keptMs === undefined ? null : new Date(nowMs + keptMs)
      await pool.query(write, [bytesOf(sha256), stage, version, JSON.stringify(result, storable), new Date(nowMs), until])
    },

    async addThumbnails({ sha256, version }, images) {
      if (images.length === 0) return
      await pool.query(addThumbnail, [bytesOf(sha256), version, images.map(({ page }) => page), images.map(({ webp }) => webp)])
    },

    async thumbnail({ sha256, version }, page) {
      const { rows } = await pool.query<{ webp: Buffer }>(thumbnail, [bytesOf(sha256), version, page])
      return rows[0]?.webp ?? null
    },

    async thumbnailPages({ sha256, version }) {
      const { rows } = await pool.query<{ page: number }>(pages, [bytesOf(sha256), version])
      return rows.map(({ page }) => page)
    },
  }
}

function bytesOf(sha256: string): Buffer {
  return Buffer.from(sha256, 'hex')
}

/** What jsonb does not take: NUL and halves of surrogate pairs. */
function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\u0000', '').toWellFormed() : value
}

// API keys as Postgres keeps them: by the SHA-256 of the key, which itself is nowhere. Changes keep their events in the same transaction.
import type { PoolClient } from 'pg'
import { apiKeyScopes } from '../../contracts/api-key.ts'
import type { ApiKeyBook, ApiKeyRecord } from '../../domain/event-ports.ts'
import { asking, inTransaction, keepEvent } from './events.ts'
import type { Pool } from './pool.ts'

export type ApiKeyStore = ApiKeyBook & {
  /**
   * The key with this SHA-256, unless it was revoked or rotated and its overlap is over. Nothing is remembered between calls. Notes the use, at most once a minute.
   * Rejects when Postgres is away.
   */
  findByHash(sha256: Buffer): Promise<{ keyId: string; scopes: string[] } | null>
}

const findByHash = `select id, scopes from api_keys where revoked_at is null and (hash = $1 or (previous_hash = $1 and previous_until > now()))`
const noteUse = `update api_keys set last_used_at = now()
  where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`
const columns = 'id, name, scopes, version, created_at, last_used_at, previous_until, revoked_at'

type Row = {
  id: string
  name: string
  scopes: string[]
  version: number
  created_at: Date
  last_used_at: Date | null
  previous_until: Date | null
  revoked_at: Date | null
}

export function createApiKeyStore(pool: Pool): ApiKeyStore {
  return {
    async findByHash(sha256) {
      const { rows } = await pool.query<{ id: string; scopes: string[] }>(findByHash, [sha256])
      const row = rows[0]
      if (!row) return null
      // When a key was last used is for people to look at: no caller waits for it, and its loss is no failure.
      pool.query(noteUse, [row.id]).catch(() => {})
      return { keyId: row.id, scopes: row.scopes }
    },

    insert: ({ id, name, hash, scopes }, nowMs, event) =>
      inTransaction(pool, async (client) => {
        const query = 'insert into api_keys (id, name, hash, scopes, created_at) values ($1, $2, $3, $4, $5)'
        await client.query(query, [id, name, hash, scopes, new Date(nowMs)])
        await keepEvent(client, event)
      }),

    async list(after, limit) {
      const query = `select ${columns} from api_keys where $1::text is null
        or (created_at, id) < (select created_at, id from api_keys where id = $1) order by created_at desc, id desc limit $2`
      const [{ rows }, total] = await asking(() =>
        Promise.all([
          pool.query<Row>(query, [after ?? null, limit]),
          pool.query<{ total: string }>('select count(*) as total from api_keys'),
        ]),
      )
      return { keys: rows.map(recordOf), total: Number(total.rows[0]?.total ?? 0) }
    },

    async find(id) {
      const { rows } = await asking(() => pool.query<Row>(`select ${columns} from api_keys where id = $1`, [id]))
      return rows[0] ? recordOf(rows[0]) : null
    },

    revoke: (id, nowMs, eventOf) =>
      inTransaction(pool, async (client) => {
        const query = `update api_keys set revoked_at = $2, version = version + 1 where id = $1 and revoked_at is null returning ${columns}`
        const changed = await changedBy(client, query, [id, new Date(nowMs)])
        if (!changed) return changedBy(client, `select ${columns} from api_keys where id = $1`, [id])
        await keepEvent(client, eventOf(changed.version))
        return changed
      }),

    rotate: (id, hash, previousUntilMs, eventOf) =>
      inTransaction(pool, async (client) => {
        const query = `update api_keys set previous_hash = hash, previous_until = $3, hash = $2, version = version + 1
          where id = $1 and revoked_at is null returning ${columns}`
        const changed = await changedBy(client, query, [id, hash, new Date(previousUntilMs)])
        if (changed) await keepEvent(client, eventOf(changed.version))
        return changed
      }),
  }
}

async function changedBy(client: PoolClient, query: string, values: readonly unknown[]): Promise<ApiKeyRecord | null> {
  const { rows } = await client.query<Row>(query, [...values])
  return rows[0] ? recordOf(rows[0]) : null
}

function recordOf(row: Row): ApiKeyRecord {
  return {
    id: row.id,
    name: row.name,
    // One that a later version knew gives no right here.
    scopes: apiKeyScopes.filter((scope) => row.scopes.includes(scope)),
    version: row.version,
    createdAtMs: row.created_at.getTime(),
    lastUsedAtMs: row.last_used_at?.getTime() ?? null,
    previousUntilMs: row.previous_until?.getTime() ?? null,
    revokedAtMs: row.revoked_at?.getTime() ?? null,
  }
}

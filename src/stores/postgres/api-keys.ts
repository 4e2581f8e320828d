// API keys as Postgres keeps them: by the SHA-256 of the key, which itself is nowhere.
import { createHash, randomBytes } from 'node:crypto'
import { createId } from '../../lib/ids.ts'
import type { Pool } from './pool.ts'

export type ApiKeyStore = {
  /** The key with this SHA-256, unless it was revoked. Notes the use, at most once a minute. Rejects when Postgres is away. */
  findByHash(sha256: Buffer): Promise<{ keyId: string; scopes: string[] } | null>
  /** Makes a key. `key` is shown to its owner now and can never be read again. */
  create(name: string, scopes: readonly string[]): Promise<{ keyId: string; key: string }>
}

const find = 'select id, scopes from api_keys where hash = $1 and revoked_at is null'
const noteUse = `update api_keys set last_used_at = now()
  where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')`

export function createApiKeyStore(pool: Pool): ApiKeyStore {
  return {
    async findByHash(sha256) {
      const { rows } = await pool.query<{ id: string; scopes: string[] }>(find, [sha256])
      const row = rows[0]
      if (!row) return null
      // When a key was last used is for people to look at: no caller waits for it, and its loss is no failure.
      pool.query(noteUse, [row.id]).catch(() => {})
      return { keyId: row.id, scopes: row.scopes }
    },
    async create(name, scopes) {
      const key = `sk_${randomBytes(32).toString('base64url')}`
      const keyId = createId('key', { partition: 0, keyTag: 0, traits: 0 })
      const hash = createHash('sha256').update(key).digest()
      await pool.query('insert into api_keys (id, name, hash, scopes) values ($1, $2, $3, $4)', [keyId, name, hash, scopes])
      return { keyId, key }
    },
  }
}

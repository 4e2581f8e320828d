// API keys in a real Postgres.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKeyStore } from '../../../src/stores/postgres/api-keys.ts'
import { createPool, type Pool } from '../../../src/stores/postgres/pool.ts'
import { createTestDatabase, until } from '../../support/infra.ts'

const sha256 = (key: string): Buffer => createHash('sha256').update(key).digest()
let pool: Pool

beforeAll(async () => {
  pool = createPool(await createTestDatabase(), () => {})
})

afterAll(() => pool.end())

test('a key is found by its hash with its scopes, its use is noted, and the key itself is stored nowhere', async () => {
  const store = createApiKeyStore(pool)
  const { keyId, key } = await store.create('billing', ['verifications'])
  expect(key).toMatch(/^sk_[A-Za-z0-9_-]{43}$/)
  expect(await store.findByHash(sha256(key))).toEqual({ keyId, scopes: ['verifications'] })
  const read = async (): Promise<Record<string, unknown> | undefined> =>
    (await pool.query<Record<string, unknown>>('select * from api_keys')).rows[0]
  await until(async () => (await read())?.['last_used_at'])
  expect(JSON.stringify(await read())).not.toContain(key)
})

test('an unknown key and a revoked one are not found', async () => {
  const store = createApiKeyStore(pool)
  const { keyId, key } = await store.create('old', [])
  await pool.query('update api_keys set revoked_at = now() where id = $1', [keyId])
  expect(await store.findByHash(sha256(key))).toBeNull()
  expect(await store.findByHash(sha256('sk_unknown'))).toBeNull()
})

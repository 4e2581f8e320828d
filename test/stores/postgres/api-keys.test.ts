// API keys in a real Postgres.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKeyStore } from '../../../src/stores/postgres/api-keys.ts'
import { createPool, type Pool } from '../../../src/stores/postgres/pool.ts'
import { createId } from '../../../src/lib/ids.ts'
import { makeApiKey } from '../../support/api-keys.ts'
import { createTestDatabase, until } from '../../support/infra.ts'

const sha256 = (key: string): Buffer => createHash('sha256').update(key).digest()
let pool: Pool

beforeAll(async () => {
  pool = createPool(await createTestDatabase(), () => {})
})

afterAll(() => pool.end())

test('a key is found by its hash with its scopes, its use is noted, and the key itself is stored nowhere', async () => {
  const store = createApiKeyStore(pool)
  const key = await makeApiKey(pool, 'billing', ['verifications'])
  expect(key).toMatch(/^sk_[A-Za-z0-9_-]{43}$/)
  expect(await store.findByHash(sha256(key))).toEqual({ keyId: expect.stringMatching(/^key_/), scopes: ['verifications'] })
  const read = async (): Promise<Record<string, unknown> | undefined> =>
    (await pool.query<Record<string, unknown>>('select * from api_keys')).rows[0]
  await until(async () => (await read())?.['last_used_at'])
  expect(JSON.stringify(await read())).not.toContain(key)
})

test('an unknown key and a revoked one are not found, nor is the one before a rotation whose overlap is over', async () => {
  const store = createApiKeyStore(pool)
  const key = await makeApiKey(pool, 'old', [])
  const keyId = (await store.findByHash(sha256(key)))?.keyId ?? ''
  const event = (version: number) => ({
    id: createId('evt', { partition: 0, keyTag: 0, traits: 0 }),
    partition: 0,
    type: 'api_key.changed',
    subject: keyId,
    sequence: version,
    requestId: '',
    actor: '',
    atMs: Date.now(),
  })
  await store.rotate(keyId, sha256('second'), Date.now() + 60_000, event)
  for (const known of [key, 'second']) expect(await store.findByHash(sha256(known))).toMatchObject({ keyId })
  await store.rotate(keyId, sha256('third'), Date.now() - 1, event)
  for (const gone of [key, 'second']) expect(await store.findByHash(sha256(gone))).toBeNull()
  expect(await store.revoke(keyId, Date.now(), event)).toMatchObject({ version: 4 })
  expect(await store.revoke(keyId, Date.now(), event)).toMatchObject({ version: 4 })
  for (const gone of ['third', 'sk_unknown']) expect(await store.findByHash(sha256(gone))).toBeNull()
  expect(await store.rotate(keyId, sha256('fourth'), Date.now(), event)).toBeNull()
})

test('a change that fails leaves no event, and an event that fails no change', async () => {
  const store = createApiKeyStore(pool)
  const events = async (): Promise<number> => Number((await pool.query<{ n: string }>('select count(*) as n from event_outbox')).rows[0]?.n)
  const [before, total] = [await events(), (await store.list(undefined, 1)).total]
  const event = { id: 'evt_same', partition: 0, type: 'api_key.created', subject: 'x', sequence: 1, requestId: '', actor: '', atMs: 0 }
  await store.insert({ id: 'key_one', name: 'one', hash: sha256('one'), scopes: [] }, 0, event)
  await expect(store.insert({ id: 'key_two', name: 'two', hash: sha256('two'), scopes: [] }, 0, event)).rejects.toMatchObject({
    code: 'service_degraded',
  })
  expect([await events(), (await store.list(undefined, 1)).total]).toEqual([before + 1, total + 1])
})

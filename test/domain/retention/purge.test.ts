// Removal at the end of retention: nothing personal is left, holds stop it, others keep what they need, and a kill anywhere leaves a removal that goes on.
import { beforeEach, expect, test } from 'vitest'
import type { Caller } from '../../../src/domain/caller.ts'
import { cancelEnvelope } from '../../../src/domain/envelopes/cancel.ts'
import { verifyActs } from '../../../src/domain/envelopes/acts.ts'
import { assignRetention } from '../../../src/domain/retention/assign.ts'
import { liftHold, placeHold } from '../../../src/domain/retention/hold.ts'
import { purgeDue } from '../../../src/domain/retention/purge.ts'
import { refusal, replacing } from '../../support/domain.ts'
import { sender } from '../../support/envelopes.ts'
import { createTestEvidence, type TestEvidence } from '../../support/evidence.ts'

const context = { requestId: 'req-purge' }
const admin: Caller = { kind: 'user', subject: 'root', roles: ['admin'] }
const monthMs = 31 * 86_400_000

let it: TestEvidence
beforeEach(async () => {
  it = await createTestEvidence()
})

const purge = (replace: Partial<TestEvidence['sweeping']> = {}) => purgeDue({ ...it.sweeping, ...replace }, new AbortController().signal)
const isThere = async (key = ''): Promise<boolean> => (await it.deps.blobs.sizeOf(key)) !== null

/** Every table of the database as text. */
async function dump(): Promise<string> {
  const { rows } = await it.pool.query<{ name: string }>(`select tablename as name from pg_tables where schemaname = 'public'`)
  const tables = await Promise.all(rows.map(async ({ name }) => JSON.stringify((await it.pool.query(`select * from ${name}`)).rows)))
  return tables.join('\n')
}

test('an envelope whose time is over leaves its chain of hashes and nothing personal', async () => {
  const record = await it.complete({}, { retention: 'transient' })
  const before = await it.acts(record.id)
  expect(await purge()).toEqual({ purged: 0, failed: 0 })
  it.clock.advance(monthMs)
  expect(await purge()).toEqual({ purged: 1, failed: 0 })
  for (const key of [record.seal?.sealedKey, record.seal?.certificateKey, record.documentKey]) expect(await isThere(key)).toBe(false)
  const after = await it.read(record.id)
  expect(after).toMatchObject({ sealed: '', purgedAtMs: it.clock.nowMs() })
  expect(after.signers.map(({ sealed, print }) => sealed + print)).toEqual(['', ''])
  const acts = await it.acts(record.id)
  expect(acts.map(({ hash }) => hash)).toEqual([...before.map(({ hash }) => hash), acts.at(-1)?.hash])
  expect(acts.at(-1)).toMatchObject({ type: 'envelope.purged' })
  expect(verifyActs(acts, after)).toBeNull()
  // What was sealed is gone as well: a key that leaks later opens nothing.
  const left = await dump()
  for (const { sealed, print } of record.signers) for (const secret of [sealed, print]) expect(left).not.toContain(secret)
  expect(left).not.toContain(record.sealed)
  expect(await it.deps.documentRows.read(record.documentId)).toBeNull()
  const { rows } = await it.pool.query('select 1 from notifications where subject = $1', [record.id])
  expect(rows).toEqual([])
  expect(await refusal(it.bundle(after))).toMatchObject({ code: 'envelope_purged' })
  await it.drain()
  const told = await it.pool.query(`select action, data from audit_entries where subject = $1 and action like '%purged'`, [
    `retention:${record.id}`,
  ])
  expect(told.rows).toEqual([{ action: 'retention.purged', data: { class: 'transient', objects: '3' } }])
  expect(await purge()).toEqual({ purged: 0, failed: 0 })
})

test('what is held stays, whatever the time, until the hold is lifted', async () => {
  const record = await it.complete({}, { retention: 'transient' })
  await placeHold(it.keeping, admin, record.id, 'a case', context)
  it.clock.advance(monthMs)
  expect(await purge()).toEqual({ purged: 0, failed: 0 })
  expect(await isThere(record.seal?.sealedKey)).toBe(true)
  await liftHold(it.keeping, admin, record.id, context)
  expect(await purge()).toEqual({ purged: 1, failed: 0 })
})

test('a hold that comes between the look and the beginning stops it; one that comes after is refused and says why', async () => {
  const [first, second] = [await it.complete({}, { retention: 'transient' }), await it.complete({}, { retention: 'transient' })]
  it.clock.advance(monthMs)
  const late = replacing(it.sweeping.purges, {
    begin: async (subject, nowMs) => {
      if (subject === first.id) await placeHold(it.keeping, admin, first.id, 'just in time', context)
      const start = await it.sweeping.purges.begin(subject, nowMs)
      if (subject === second.id)
        expect(await refusal(placeHold(it.keeping, admin, second.id, 'too late', context))).toMatchObject({ code: 'not_updatable' })
      return start
    },
  })
  expect(await purge({ purges: late })).toEqual({ purged: 1, failed: 0 })
  expect(await isThere(first.seal?.sealedKey)).toBe(true)
  expect(await isThere(second.seal?.sealedKey)).toBe(false)
  expect(await refusal(assignRetention(it.keeping, admin, second.id, 'long', context))).toMatchObject({ code: 'not_updatable' })
})

test.for(['begin', 'blob', 'erase', 'confirm'] as const)('killed at %s, the next sweep finishes it', async (step) => {
  const record = await it.complete({}, { retention: 'transient' })
  it.clock.advance(monthMs)
  const killed = () => Promise.reject(new Error('killed'))
  const { purges, blobs, envelopes, retention } = it.sweeping
  let removed = 0
  const dying: Partial<TestEvidence['sweeping']> = {
    begin: { purges: replacing(purges, { begin: async (...args) => (await purges.begin(...args), killed()) }) },
    blob: { blobs: replacing(blobs, { remove: (key) => (++removed === 2 ? killed() : blobs.remove(key)) }) },
    erase: { envelopes: replacing(envelopes, { change: killed }) },
    confirm: { retention: replacing(retention, { confirmPurged: killed }) },
  }[step]
  expect(await purge(dying)).toEqual({ purged: 0, failed: 1 })
  expect(it.told).toEqual(['purge: killed'])
  expect(await purge()).toEqual({ purged: 1, failed: 0 })
  for (const key of [record.seal?.sealedKey, record.seal?.certificateKey, record.documentKey]) expect(await isThere(key)).toBe(false)
  expect((await it.acts(record.id)).filter(({ type }) => type === 'envelope.purged')).toHaveLength(1)
  expect((await it.read(record.id)).sealed).toBe('')
})

test('two sweeps at once remove and tell once', async () => {
  const record = await it.complete({}, { retention: 'transient' })
  it.clock.advance(monthMs)
  const results = await Promise.all([purge(), purge()])
  expect(results.map(({ purged }) => purged)).toEqual(expect.arrayContaining([0, 1]))
  expect((await it.acts(record.id)).filter(({ type }) => type === 'envelope.purged')).toHaveLength(1)
})

test('the document stays while another envelope, a class of its own or another document needs its bytes', async () => {
  const document = await it.document()
  const request = { documentId: document.id }
  const first = await it.complete(request, { retention: 'transient' })
  const second = await it.complete(request, { retention: 'standard' })
  it.clock.advance(monthMs)
  await purge()
  expect(await isThere(first.seal?.sealedKey)).toBe(false)
  expect(await isThere(document.storageKey)).toBe(true)
  expect(await isThere(second.seal?.sealedKey)).toBe(true)

  const own = await it.document()
  await assignRetention(it.keeping, sender, own.id, 'standard', context)
  const third = await it.complete({ documentId: own.id }, { retention: 'transient' })
  it.clock.advance(monthMs)
  await purge()
  expect(await isThere(third.seal?.sealedKey)).toBe(false)
  expect(await it.deps.documentRows.read(own.id)).not.toBeNull()
  expect(await isThere(own.storageKey)).toBe(true)
})

test('a document waits for the envelopes that need it, and goes with its title and what was found in it', async () => {
  const document = await it.document()
  const record = await it.complete({ documentId: document.id }, { retention: 'standard' })
  await assignRetention(it.keeping, sender, document.id, 'transient', context)
  it.clock.advance(monthMs)
  expect(await purge()).toEqual({ purged: 0, failed: 0 })
  expect(await isThere(document.storageKey)).toBe(true)
  await assignRetention(it.keeping, admin, record.id, 'transient', context)
  // The envelope first, which no longer needs it then; its class of its own lets it go by itself.
  await purge()
  await purge()
  expect(await isThere(document.storageKey)).toBe(false)
  expect(await it.deps.documentRows.read(document.id)).toBeNull()
  expect(await it.deps.documentResults.read({ sha256: document.sha256, stage: 'signatures', version: document.version })).toBeNull()
})

test('of two documents of one upload the first to go leaves the bytes to the other', async () => {
  const [one, other] = [await it.document(), await it.document()]
  await it.pool.query('update documents set storage_key = $2, sha256 = $3 where id = $1', [
    other.id,
    one.storageKey,
    Buffer.from(one.sha256, 'hex'),
  ])
  await assignRetention(it.keeping, sender, one.id, 'transient', context)
  it.clock.advance(monthMs)
  expect(await purge()).toEqual({ purged: 1, failed: 0 })
  expect(await it.deps.documentRows.read(one.id)).toBeNull()
  expect(await isThere(one.storageKey)).toBe(true)
  expect(await it.deps.documentResults.read({ sha256: one.sha256, stage: 'signatures', version: one.version })).not.toBeNull()
  await assignRetention(it.keeping, sender, other.id, 'transient', context)
  it.clock.advance(monthMs)
  expect(await purge()).toEqual({ purged: 1, failed: 0 })
  expect(await isThere(one.storageKey)).toBe(false)
})

test('one that cannot be removed does not keep the others waiting', async () => {
  const [stuck, other] = [await it.complete({}, { retention: 'transient' }), await it.complete({}, { retention: 'transient' })]
  it.clock.advance(monthMs)
  const blobs = replacing(it.sweeping.blobs, {
    remove: (key) => (key.includes(stuck.id) ? Promise.reject(new Error('EIO')) : it.sweeping.blobs.remove(key)),
  })
  expect(await purge({ blobs })).toEqual({ purged: 1, failed: 1 })
  expect(await isThere(other.seal?.sealedKey)).toBe(false)
  expect(await purge()).toEqual({ purged: 1, failed: 0 })
})

test('an envelope that was canceled keeps what is personal no longer than its class, and leaves the document to its owner', async () => {
  const sent = await it.ready({ retention: 'transient' })
  await cancelEnvelope(it.deps, sender, sent.id, undefined, context)
  expect(await it.sweeping.retention.read(sent.id)).toMatchObject({ class: 'transient', endsAtMs: it.clock.nowMs() + 30 * 86_400_000 })
  it.clock.advance(monthMs)
  expect(await purge()).toEqual({ purged: 1, failed: 0 })
  expect(await it.read(sent.id)).toMatchObject({ sealed: '', purgedAtMs: it.clock.nowMs() })
  expect(await isThere(sent.documentKey)).toBe(true)
  expect(await it.deps.documentRows.read(sent.documentId)).not.toBeNull()
})

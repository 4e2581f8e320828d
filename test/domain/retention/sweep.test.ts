// The integrity sweep: what was altered or is missing is found, what cannot be looked at is not accused, and a run that died is gone on with.
import { rename } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { sweepIntegrity } from '../../../src/domain/retention/sweep.ts'
import { RetryLater } from '../../../src/errors.ts'
import { replacing } from '../../support/domain.ts'
import { createTestEvidence, type TestEvidence } from '../../support/evidence.ts'

let starts = 0
const nextRun = () => ({ fence: { jobMs: 1, starts: ++starts }, signal: new AbortController().signal })
const sweep = (it: TestEvidence, slot: number, replace: Partial<TestEvidence['sweeping']> = {}) =>
  sweepIntegrity({ ...it.sweeping, ...replace }, slot, nextRun())

const failures = async (it: TestEvidence): Promise<unknown[]> => {
  await it.drain()
  return (
    await it.pool.query<{ data: unknown }>(`select data from audit_entries where action = 'integrity.failed' order by sequence`)
  ).rows.map(({ data }) => data)
}

test('a sweep looks at documents, sealed copies and their certificates, once an hour, and says what it saw', async () => {
  const it = await createTestEvidence()
  const record = await it.complete()
  await it.document()
  expect(await sweep(it, 1)).toBe('swept')
  expect(await sweep(it, 1)).toBe('ended')
  const latest = await it.sweeping.integrity.latest()
  expect(latest).toMatchObject({ id: 'isw_1', objects: 4, failed: 0, software: 'test' })
  expect(Math.abs(latest?.clockOffsetMs ?? Infinity)).toBeLessThan(60_000)
  for (const key of [record.seal?.sealedKey, record.seal?.certificateKey])
    expect(await it.sweeping.integrity.lookAt(key ?? '')).toMatchObject({ subject: record.id, outcome: 'intact' })
  expect(it.told).toEqual([])
})

test('one changed byte, another length and a missing object are each found and told once', async () => {
  const it = await createTestEvidence()
  const [altered, shorter, missing] = [await it.complete(), await it.document(), await it.document()]
  const key = altered.seal?.sealedKey ?? ''
  const content = Buffer.concat((await (await it.deps.blobs.read(key)).toArray()) as Buffer[])
  content[9] = (content[9] ?? 0) ^ 1
  await it.deps.blobs.write(key, content)
  await it.deps.blobs.write(shorter.storageKey, Buffer.from('%PDF'))
  await it.deps.blobs.remove(missing.storageKey)
  expect(await sweep(it, 1)).toBe('swept')
  expect(it.told.toSorted()).toEqual(['altered', 'altered', 'missing'])
  expect(await it.sweeping.integrity.latest()).toMatchObject({ failed: 3 })
  expect(await it.sweeping.integrity.failing()).toBe(3)
  expect(await failures(it)).toHaveLength(3)
  // The next hour sees the same; nobody is told again, and a copy that was put back is intact.
  await it.deps.blobs.write(missing.storageKey, Buffer.alloc(missing.bytes))
  expect(await sweep(it, 2)).toBe('swept')
  expect(await failures(it)).toEqual([...Array.from({ length: 3 }, () => expect.anything()), { outcome: 'altered' }])
})

test('a certificate that was overwritten is found, and one that is gone', async () => {
  const it = await createTestEvidence()
  const [altered, missing] = [await it.complete(), await it.complete()]
  await it.deps.blobs.write(altered.seal?.certificateKey ?? '', Buffer.from('%PDF-1.7 A certificate'))
  await it.deps.blobs.remove(missing.seal?.certificateKey ?? '')
  expect(await sweep(it, 1)).toBe('swept')
  expect(it.told.toSorted()).toEqual(['altered', 'missing'])
  expect(await it.sweeping.integrity.lookAt(altered.seal?.certificateKey ?? '')).toMatchObject({ subject: altered.id, outcome: 'altered' })
})

test('while the store is away nothing is called missing', async () => {
  const it = await createTestEvidence()
  const document = await it.document()
  const away = replacing(it.sweeping.blobs, { sizeOf: () => Promise.reject(new Error('connect ECONNREFUSED')) })
  await expect(sweep(it, 1, { blobs: away })).rejects.toThrow(new RetryLater('storage_away', 60_000))
  const torn = replacing(it.sweeping.blobs, { read: () => Promise.reject(new Error('EIO')) })
  await expect(sweep(it, 1, { blobs: torn })).rejects.toThrow('storage_away')
  expect(await it.sweeping.integrity.lookAt(document.storageKey)).toBeNull()
  expect(await sweep(it, 1)).toBe('swept')
  expect(await it.sweeping.integrity.latest()).toMatchObject({ failed: 0 })
})

test('a disk that is not mounted is away, and not empty', async () => {
  const it = await createTestEvidence()
  await it.document()
  const { rows } = await it.pool.query<{ storage_key: string }>('select storage_key from documents')
  const root = await rootOf(it, rows[0]?.storage_key ?? '')
  await rename(`${root}/objects`, `${root}/elsewhere`)
  await expect(sweep(it, 1)).rejects.toThrow('storage_away')
  await rename(`${root}/elsewhere`, `${root}/objects`)
  expect(await sweep(it, 1)).toBe('swept')
  expect(it.told).toEqual([])
})

test('a run that died is gone on with behind its last object, and the dead one changes nothing any more', async () => {
  const it = await createTestEvidence()
  for (let count = 0; count < 4; count++) await it.document()
  let reads = 0
  const dying = replacing(it.sweeping.integrity, {
    advance: (...args) => (++reads === 3 ? Promise.reject(new Error('killed')) : it.sweeping.integrity.advance(...args)),
  })
  const first = nextRun()
  await expect(sweepIntegrity({ ...it.sweeping, integrity: dying }, 1, first)).rejects.toThrow('killed')
  let again = 0
  const counting = replacing(it.sweeping.blobs, { read: (...args) => (again++, it.sweeping.blobs.read(...args)) })
  expect(await sweep(it, 1, { blobs: counting })).toBe('swept')
  expect(again).toBe(2)
  expect(await it.sweeping.integrity.latest()).toMatchObject({ objects: 4 })
  expect(await sweepIntegrity(it.sweeping, 1, first)).toBe('ended')
})

test('a later run takes over from one that is still at it', async () => {
  const it = await createTestEvidence()
  for (let count = 0; count < 3; count++) await it.document()
  const older = nextRun()
  let isOvertaken = false
  const slow = replacing(it.sweeping.blobs, {
    read: async (...args) => {
      if (!isOvertaken) {
        isOvertaken = true
        expect(await sweep(it, 1)).toBe('swept')
      }
      return it.sweeping.blobs.read(...args)
    },
  })
  expect(await sweepIntegrity({ ...it.sweeping, blobs: slow }, 1, older)).toBe('stale')
  expect(await it.sweeping.integrity.latest()).toMatchObject({ objects: 3 })
})

test('the next hour goes on with what is left of this one, and one from yesterday is begun anew', async () => {
  const it = await createTestEvidence()
  for (let count = 0; count < 3; count++) await it.document()
  const dying = replacing(it.sweeping.blobs, {
    read: (() => {
      let reads = 0
      return (...args: Parameters<typeof it.sweeping.blobs.read>) =>
        ++reads === 3 ? Promise.reject(new Error('EIO')) : it.sweeping.blobs.read(...args)
    })(),
  })
  const first = nextRun()
  await expect(sweepIntegrity({ ...it.sweeping, blobs: dying }, 1, first)).rejects.toThrow('storage_away')
  expect(await sweep(it, 2)).toBe('swept')
  expect(await it.sweeping.integrity.latest()).toMatchObject({ id: 'isw_1', objects: 3 })
  // The job of the first hour, tried again, has nothing to do any more.
  expect(await sweepIntegrity(it.sweeping, 1, first)).toBe('ended')

  const away = replacing(it.sweeping.blobs, { sizeOf: () => Promise.reject(new Error('away')) })
  await expect(sweep(it, 3, { blobs: away })).rejects.toThrow('storage_away')
  it.clock.advance(25 * 3_600_000)
  expect(await sweep(it, 28)).toBe('swept')
  expect(await it.sweeping.integrity.latest()).toMatchObject({ id: 'isw_28', objects: 3 })
})

/** The folder of the disk store, from where it says that an object is not. */
async function rootOf(it: TestEvidence, key: string): Promise<string> {
  const content = (await it.deps.blobs.read(key)) as Readable & { path: string }
  await content.toArray()
  return content.path.slice(0, content.path.indexOf('/objects/'))
}

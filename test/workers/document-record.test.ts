// The row of a document: written when it has ended, owed until then.
import { expect, it } from 'vitest'
import { keysOf } from '../../src/stores/redis/keys.ts'
import { createDocumentDomain } from '../support/document-domain.ts'

it('a document that has ended is in Postgres as it was in Redis, and only then may Redis forget it', async () => {
  const t = await createDocumentDomain()
  const { id } = await t.create()
  await t.run(id, 'preflight')
  for (const stage of ['text', 'thumbnails', 'signatures', 'analysis'] as const) await t.run(id, stage)
  expect(await t.redis.pttl(keysOf(0).document(id))).toBe(-1)
  expect(await t.redis.zrange(keysOf(0).intents, '0', '-1')).toEqual([`document.record.${id}`])
  const save = t.work.documentRows.save
  t.work.documentRows.save = () => Promise.reject(new Error('Postgres is away'))
  await expect(t.run(id, 'record')).rejects.toThrow('row_not_written')
  t.work.documentRows.save = save
  expect(await t.run(id, 'record')).toMatchObject({ outcome: 'recorded' })
  expect(await t.work.documentRows.read(id)).toEqual(await t.read(id))
  expect(await t.redis.pttl(keysOf(0).document(id))).toBeGreaterThan(0)
  expect(await t.redis.zcard(keysOf(0).intents)).toBe(0)
})

it('a row never goes back to an earlier state', async () => {
  const t = await createDocumentDomain()
  const early = await t.create()
  const late = await t.runAll(early.id)
  await t.work.documentRows.save(early)
  expect(await t.work.documentRows.read(early.id)).toMatchObject({ status: 'processed', sequence: late.sequence })
})

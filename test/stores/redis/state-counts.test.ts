// What flows ask of temporary state besides: derived ids that come again, counters within the change, consuming one version only.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { NewState, StateKey } from '../../../src/domain/state-ports.ts'
import { createId } from '../../../src/lib/ids.ts'
import { closeRedis, openRedis, type RedisConnection } from '../../../src/stores/redis/connections.ts'
import { ScriptRunner } from '../../../src/stores/redis/run-script.ts'
import { RedisStateStore } from '../../../src/stores/redis/states.ts'
import { createTestRedis } from '../../support/infra.ts'

let redis: RedisConnection
let states: RedisStateStore
let key: StateKey
const trace = { requestId: 'r', actor: 'a' }
const startMs = Date.now()
const endMs = startMs + 60_000

beforeAll(async () => {
  redis = openRedis(await createTestRedis(), 'patient', 'test', () => {})
  states = new RedisStateStore(new ScriptRunner(redis, 2_000), 3)
})
afterAll(() => closeRedis(redis))
beforeEach(async () => {
  await redis.flushdb()
  key = { kind: 'form', id: createId('frm', { partition: 2, keyTag: 0, traits: 0 }) }
})

const create = (more: Partial<NewState> = {}, atMs = startMs) =>
  states.create({ ...key, expiresAtMs: atMs + 60_000, facts: {}, sealed: 'x', indexes: ['all'], ...more }, trace, atMs)
const counted = async () => Object.fromEntries(await states.counted('c'))

it('is removed only as what was seen', async () => {
  const seen = { version: 1, facts: { submission: 'one' } }
  await create({ facts: { submission: 'two' } })
  expect(await states.remove(key, trace, startMs, [], seen)).toBe(false)
  await states.remove(key, trace, startMs)
  await create({ facts: { submission: 'one' } })
  expect(await states.remove(key, trace, startMs, [], { ...seen, version: 2 })).toBe(false)
  expect(await states.update(key, { version: 1, expects: { submission: 'two' }, sealed: 'y' }, trace, startMs)).toMatchObject({
    kind: 'conflict',
  })
  expect(await states.remove(key, trace, startMs, [], seen)).toBe(true)
  await create({ facts: { submission: 'one' } })
  await states.consume(key, {}, trace, startMs)
  expect(await states.remove(key, trace, startMs, [], { ...seen, version: 2 })).toBe(false)
})

it('an id comes again only once its record was consumed, ended or is past its time', async () => {
  expect(await create()).toBe(true)
  expect(await create({ replacesEnded: true })).toBe(false)
  await states.consume(key, {}, trace, startMs)
  expect(await create()).toBe(false)
  expect(await create({ replacesEnded: true })).toBe(true)
  expect(await states.read(key, startMs)).toMatchObject({ status: 'active', version: 1, sealed: 'x' })
  await states.expire(key, trace, startMs)
  expect(await create({ replacesEnded: true })).toBe(true)
  expect(await create({ replacesEnded: true }, endMs)).toBe(true)
  expect(await redis.zcard('{p2}:index:form:all')).toBe(1)
  expect(await redis.keys('{p2}:index:*')).toEqual(['{p2}:index:form:all'])
})

it('counts go up with the change that they count, over all partitions, and not with a refused one', async () => {
  await create({ counts: [['c', 'made']] })
  await create({ counts: [['c', 'made']] })
  key = { kind: 'form', id: createId('frm', { partition: 0, keyTag: 0, traits: 0 }) }
  await create({ counts: [['c', 'made']] })
  await states.update(key, { version: 1, sealed: 'y', counts: [['c', 'changed']] }, trace, startMs)
  await states.update(key, { version: 1, sealed: 'z', counts: [['c', 'changed']] }, trace, startMs)
  await states.consume(key, {}, trace, startMs, { version: 1, counts: [['c', 'used']] })
  await states.consume(key, {}, trace, startMs, { version: 2, counts: [['c', 'used']] })
  await states.consume(key, {}, trace, startMs, { version: 2, counts: [['c', 'used']] })
  expect(await counted()).toEqual({ made: 2, changed: 1, used: 1 })
})

it('what is to be counted on expiry is counted once, by whoever ends the record, and never for one that was used', async () => {
  const onExpiry = (field: string): Partial<NewState> => ({ countsOnExpiry: [['c', field]] })
  await create(onExpiry('swept'))
  await states.sweep(2, 10, endMs)
  await states.sweep(2, 10, endMs)
  await create(onExpiry('ended'))
  await states.expire(key, trace, startMs)
  await create({ ...onExpiry('replaced'), replacesEnded: true })
  await create({ replacesEnded: true }, endMs)
  await states.update(key, { version: 1, sealed: 'y', countsOnExpiry: [['c', 'later']] }, trace, endMs)
  await states.sweep(2, 10, endMs + 60_000)
  await create(onExpiry('never'))
  await states.consume(key, {}, trace, startMs)
  await states.sweep(2, 10, endMs)
  await create(onExpiry('never'))
  await states.remove(key, trace, startMs, [['c', 'removed']])
  expect(await counted()).toEqual({ swept: 1, ended: 1, replaced: 1, later: 1, removed: 1 })
})

it('of a record with another version nothing is consumed, and what stays is kept as long as it must', async () => {
  await create()
  expect(await states.consume(key, {}, trace, startMs, { version: 2 })).toEqual({ kind: 'conflict' })
  expect(await states.read(key, startMs)).toMatchObject({ status: 'active', sealed: 'x' })
  const keptUntilMs = endMs + 3_600_000
  expect(await states.consume(key, {}, trace, startMs, { version: 1, keptUntilMs })).toMatchObject({ kind: 'consumed' })
  await states.sweep(2, 10, endMs)
  expect(await states.read(key, endMs)).toMatchObject({ status: 'consumed' })
  await states.sweep(2, 10, keptUntilMs)
  expect(await redis.keys('{p2}:state:*')).toEqual(['{p2}:state:order'])
})

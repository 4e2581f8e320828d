// The engine of temporary state against a real Redis: one step each, pages that are complete, expiry that leaves nothing behind.
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { NewState, StatePosition } from '../../../src/domain/state-ports.ts'
import { createId } from '../../../src/lib/ids.ts'
import { AppError } from '../../../src/errors.ts'
import { ScriptRunner } from '../../../src/stores/redis/run-script.ts'
import { RedisStateStore } from '../../../src/stores/redis/states.ts'
import { createTestRedis } from '../../support/infra.ts'
import { createOperations, trace, type TestOperations } from '../../support/operations.ts'

const kind = 'thing'
const partitions = 3
let deps: TestOperations
let nowMs: number

beforeAll(async () => {
  deps = createOperations(await createTestRedis(), { partitions })
})
beforeEach(async () => {
  await deps.redis.flushdb()
  nowMs = Date.now()
})

const newState = (more: Partial<NewState> = {}, partition = Math.floor(Math.random() * partitions)): NewState => ({
  kind,
  id: createId('thg', { partition, keyTag: 0, traits: 0 }),
  expiresAtMs: nowMs + 60_000,
  facts: { color: 'red' },
  sealed: 'sealed',
  about: 'about',
  indexes: ['all', 'who:a'],
  tally: 'red',
  ...more,
})
const put = async (more: Partial<NewState> = {}, partition?: number): Promise<string> => {
  const state = newState(more, partition)
  expect(await deps.states.create(state, trace, nowMs)).toBe(true)
  return state.id
}

describe('a record', () => {
  it('is made once under its id', async () => {
    const state = newState()
    expect(await deps.states.create(state, trace, nowMs)).toBe(true)
    expect(await deps.states.create({ ...state, sealed: 'other' }, trace, nowMs)).toBe(false)
    expect(await deps.states.read(state, nowMs)).toMatchObject({
      version: 1,
      status: 'active',
      sealed: 'sealed',
      about: 'about',
      facts: { color: 'red' },
    })
  })

  it('changes only on the version that the change was made on', async () => {
    const id = await put()
    const change = { version: 1, sealed: 'two' }
    const answers = await Promise.all(Array.from({ length: 50 }, () => deps.states.update({ kind, id }, change, trace, nowMs)))
    expect(answers.filter((answer) => answer.kind === 'updated')).toHaveLength(1)
    expect(answers.filter((answer) => answer.kind === 'conflict')).toHaveLength(49)
  })

  it('is not there once its time is over, whether or not anybody swept', async () => {
    const id = await put()
    expect(await deps.states.read({ kind, id }, nowMs + 60_000)).toBeNull()
    expect(await deps.states.consume({ kind, id }, {}, trace, nowMs + 60_000)).toEqual({ kind: 'expired' })
    expect(await deps.states.update({ kind, id }, { version: 1, sealed: 'x' }, trace, nowMs + 60_000)).toEqual({ kind: 'expired' })
    expect(await deps.states.page({ kind, indexes: ['all'], first: 10, nowMs: nowMs + 60_000 })).toMatchObject({ records: [], total: 0 })
  })

  it('writes an event with every change', async () => {
    const id = await put({}, 1)
    await deps.states.update({ kind, id }, { version: 1, sealed: 'two' }, trace, nowMs)
    await deps.states.consume({ kind, id }, {}, trace, nowMs)
    const entries = await deps.redis.xrange('{p1}:events', '-', '+')
    const events = entries.map(([, flat]) =>
      Object.fromEntries(Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at], flat[2 * at + 1]])),
    )
    expect(events.map(({ type, sequence }) => `${type} ${sequence}`)).toEqual(['thing.created 1', 'thing.updated 2', 'thing.consumed 3'])
    expect(events[0]).toMatchObject({ subject: `thing:${id}`, requestId: 'request-1', actor: 'actor-1', data: '{"facts":{"color":"red"}}' })
  })
})

describe('a page', () => {
  const walk = async (indexes: string[], first: number, more: object = {}): Promise<string[]> => {
    const seen: string[] = []
    let before: StatePosition | undefined
    for (;;) {
      const page = await deps.states.page({ kind, indexes, first, nowMs, ...more, ...(before ? { before } : {}) })
      seen.push(...page.records.map(({ id }) => id))
      if (!page.hasMore) return seen
      before = page.end
    }
  }

  it('after page shows each record of every partition once, newest first', async () => {
    const made: string[] = []
    for (let at = 0; at < 60; at++) {
      // Three of each millisecond: in one partition they rise, across partitions they are told apart by id.
      if (at % 3 === 0) nowMs++
      made.push(await put())
    }
    for (const first of [1, 7, 60, 100]) {
      const seen = await walk(['all', 'who:a'], first)
      expect(new Set(seen)).toEqual(new Set(made))
      expect(seen).toHaveLength(60)
    }
    const page = await deps.states.page({ kind, indexes: ['all', 'who:a'], first: 5, nowMs })
    expect(page).toMatchObject({ total: 60, hasMore: true })
    expect(page.records.map(({ createdAtMs }) => createdAtMs)).toEqual(
      page.records.map(({ createdAtMs }) => createdAtMs).toSorted((one, other) => other - one),
    )
  })

  it('is complete even where a filter finds little among thousands', async () => {
    const rare: string[] = []
    for (let at = 0; at < 7_000; at += 500) {
      const batch = Array.from({ length: 500 }, (_, n) => put(n === 0 ? { facts: { color: 'blue' } } : {}))
      rare.push((await Promise.all(batch))[0] ?? '')
    }
    const facts = { color: ['blue', 'green'] }
    expect(new Set(await walk(['all'], 5, { facts }))).toEqual(new Set(rare))
    expect(await deps.states.count({ kind, indexes: ['all'], facts, nowMs }, 10_000)).toEqual({ total: 14, isExact: true })
    expect(await deps.states.count({ kind, indexes: ['all'], facts, nowMs }, 1_000)).toMatchObject({ isExact: false })
  })

  it('active are those that do not end within five minutes; those that do are a status of their own', async () => {
    const soon = await put({ indexes: ['a'], expiresAtMs: nowMs + 299_999 })
    const later = await put({ indexes: ['a'], expiresAtMs: nowMs + 300_000 })
    expect(await walk(['a'], 5, { status: 'active' })).toEqual([later])
    expect(await walk(['a'], 5, { status: 'expiring_soon' })).toEqual([soon])
    expect(await deps.states.count({ kind, indexes: ['a'], status: 'active', nowMs }, 100)).toEqual({ total: 1, isExact: true })
  })

  it('counts what is in several indexes once, and nothing that is over', async () => {
    await put({ indexes: ['a', 'b', 'c'] })
    await put({ indexes: ['a', 'b'] })
    await put({ indexes: ['c'] })
    await put({ indexes: ['a', 'b', 'c'], expiresAtMs: nowMs + 10 })
    const total = async (...indexes: string[]) => (await deps.states.page({ kind, indexes, first: 1, nowMs: nowMs + 10 })).total
    expect(await total('a')).toBe(2)
    expect(await total('a', 'b')).toBe(2)
    expect(await total('a', 'b', 'c')).toBe(3)
    expect(await total('a', 'a', 'c')).toBe(3)
    expect(await total('none')).toBe(0)
  })
})

it('whoever invents tallies fills no hour with them: beyond 200 they are counted together', async () => {
  for (let at = 0; at < 250; at++) {
    await put({ tally: `t${at}` }, 1)
  }
  const { hours } = await deps.stateStatistics.read(kind, nowMs)
  const tallies = hours[0]?.tallies
  expect(tallies?.size).toBe(201)
  expect(tallies?.get('t199')).toEqual({ created: 1, consumed: 0, expired: 0 })
  expect(tallies?.get('t200')).toBeUndefined()
  expect(tallies?.get('other')).toEqual({ created: 50, consumed: 0, expired: 0 })
})

it('expiry leaves nothing behind but the hours’ numbers, the events and the order', async () => {
  const ids = await Promise.all(Array.from({ length: 30 }, () => put()))
  await deps.states.consume({ kind, id: ids[0] ?? '' }, {}, trace, nowMs)
  await deps.states.expire({ kind, id: ids[1] ?? '' }, trace, nowMs)
  await deps.states.update({ kind, id: ids[2] ?? '' }, { version: 1, sealed: 'two' }, trace, nowMs)
  await deps.states.remove({ kind, id: ids[3] ?? '' }, trace, nowMs)
  const removed = await Promise.all([0, 1, 2].map((partition) => deps.states.sweep(partition, 1_000, nowMs + 60_000)))
  expect(removed.reduce((sum, kinds) => sum + (kinds.get(kind) ?? 0), 0)).toBe(29)
  const left = (await deps.redis.keys('*')).filter((key) => !/^\{p\d\}:(events|state:order|statistics:.*)$/.test(key))
  expect(left).toEqual([])
  expect(
    (await Promise.all([0, 1, 2].map((partition) => deps.states.sweep(partition, 1_000, nowMs + 60_000)))).every(
      (kinds) => kinds.size === 0,
    ),
  ).toBe(true)
  const numbers = await deps.stateStatistics.read(kind, nowMs + 60_000)
  expect(numbers).toMatchObject({ total: 0, active: 0, expiringSoon: 0 })
  const tallies = numbers.hours.map((hour) => hour.tallies.get('red') ?? { created: 0, consumed: 0, expired: 0 })
  const sum = (word: 'created' | 'consumed' | 'expired'): number => tallies.reduce((all, tally) => all + tally[word], 0)
  expect([sum('created'), sum('consumed'), sum('expired')]).toEqual([30, 1, 28])
})

it('an index heals when Redis forgot a record before any sweep came', async () => {
  const id = await put({}, 0)
  await deps.redis.del(`{p0}:state:thing:${id}`)
  await deps.states.page({ kind, indexes: ['all'], first: 1, nowMs })
  expect(await deps.redis.zcard('{p0}:index:thing:all')).toBe(0)
  await deps.states.sweep(0, 10, nowMs + 60_000)
  expect(await deps.redis.zcard('{p0}:state:due')).toBe(0)
})

it('failures while Redis was away are in the numbers once it is back', async () => {
  let isAway = false
  const runner = new ScriptRunner(deps.redis, 5_000)
  const flaky = {
    run: (...args: Parameters<ScriptRunner['run']>) => (isAway ? Promise.reject(new AppError('service_degraded')) : runner.run(...args)),
  }
  const states = new RedisStateStore(flaky as ScriptRunner, 1)
  const id = await put({}, 0)
  isAway = true
  for (let i = 0; i < 3; i++) await expect(states.read({ kind, id }, nowMs)).rejects.toMatchObject({ code: 'service_degraded' })
  isAway = false
  for (let i = 0; i < 6; i++) expect(await states.read({ kind, id }, nowMs)).not.toBeNull()
  await states.read({ kind, id: newState({}, 0).id }, nowMs)
  expect(await deps.stateStatistics.read(kind, nowMs)).toMatchObject({ found: 6, missing: 1, failed: 3 })
})

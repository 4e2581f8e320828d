// Session UUIDs: never given out twice, whatever Postgres does; whose they are; what becomes of those nobody comes back to.
import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import type { Caller } from '../../../src/domain/caller.ts'
import { cleanUpSessions, type SessionCleanupDeps } from '../../../src/domain/sessions/cleanup.ts'
import { generateSessionUuid, validateSessionUuid } from '../../../src/domain/sessions/uuids.ts'
import { AppError } from '../../../src/errors.ts'
import { DAY_MS, MINUTE_MS } from '../../../src/lib/durations.ts'
import { until } from '../../support/infra.ts'
import { refusal } from '../../support/domain.ts'
import { context, createSessions, server, user } from '../../support/sessions.ts'

const deps = await createSessions({ partitions: 4 })
const removed: string[] = []
const cleanup: SessionCleanupDeps = { ...deps, sessionFiles: { removeAbandoned: async (uuid) => void removed.push(uuid) } }
const cleanUp = async (with_ = cleanup): Promise<void> => {
  for (let partition = 0; partition < 4; partition++) await cleanUpSessions(with_, partition, new AbortController().signal)
}
let drawn = 0
const browser = (binding = randomUUID()): Caller & { kind: 'anonymous' } => ({
  kind: 'anonymous',
  network: `203.0.113.${drawn++ % 250}`,
  binding,
})
const rowOf = async (uuid: string) =>
  (await deps.pool.query<{ uuid: string; abandoned_at: Date | null }>('select * from user_sessions where uuid = $1', [uuid])).rows[0]
const away = {
  record: () => Promise.reject(new AppError('service_degraded')),
  noteAbandoned: () => Promise.reject(new AppError('service_degraded')),
}

it('is the browser’s that got it; others get another one', async () => {
  const mine = browser()
  const { uuid, expiresAt } = await generateSessionUuid(deps, mine, context)
  expect(Date.parse(expiresAt) - deps.clock.nowMs()).toBe(DAY_MS)
  deps.clock.advance(MINUTE_MS)
  const again = await validateSessionUuid(deps, mine, uuid.toUpperCase(), context)
  expect(again).toEqual({ valid: true, uuid, expiresAt: new Date(deps.clock.nowMs() + DAY_MS).toISOString() })
  const others = await validateSessionUuid(deps, browser(), uuid, context)
  expect(others).toMatchObject({ valid: false, uuid, replaced: expect.stringMatching(/^[0-9a-f-]{36}$/) })
  expect(others.replaced).not.toBe(uuid)
  expect(await validateSessionUuid(deps, browser(), randomUUID(), context)).toMatchObject({ valid: false })
  expect(await validateSessionUuid(deps, browser(), 'no uuid', context)).toEqual({ valid: false, uuid: 'no uuid' })
})

it('a client that keeps no cookies goes on from its own network; one with another cookie does not', async () => {
  const network = '203.0.113.251'
  const first: Caller = { kind: 'anonymous', network, binding: randomUUID(), isNewBinding: true }
  const { uuid } = await generateSessionUuid(deps, first, context)
  const withoutCookie: Caller = { kind: 'anonymous', network, binding: randomUUID(), isNewBinding: true }
  expect((await validateSessionUuid(deps, withoutCookie, uuid, context)).valid).toBe(true)
  expect((await validateSessionUuid(deps, { kind: 'anonymous', network, binding: randomUUID() }, uuid, context)).valid).toBe(false)
})

it('becomes the user’s after sign-in, and is nobody else’s from then on', async () => {
  const mine = browser()
  const { uuid } = await generateSessionUuid(deps, mine, context)
  const signedIn: Caller = { ...user('ada'), binding: String(mine.binding) }
  expect((await validateSessionUuid(deps, signedIn, uuid, context)).valid).toBe(true)
  expect((await validateSessionUuid(deps, user('ada'), uuid, context)).valid).toBe(true)
  expect((await validateSessionUuid(deps, mine, uuid, context)).valid).toBe(false)
})

it('is never given out twice: not among two hundred that draw the same, not after Redis has forgotten it', async () => {
  const few = Array.from({ length: 50 }, () => randomUUID())
  let at = 0
  const poor = { ...deps, drawUuid: () => few[at++ % few.length] ?? '' }
  const got = await Promise.allSettled(Array.from({ length: 200 }, () => generateSessionUuid(poor, server, context)))
  const uuids = got.flatMap((result) => (result.status === 'fulfilled' ? [result.value.uuid] : []))
  expect(new Set(uuids).size).toBe(uuids.length)
  expect(uuids.length).toBe(50)
  const [uuid = ''] = uuids
  await until(() => rowOf(uuid))
  deps.clock.advance(2 * DAY_MS)
  await cleanUp()
  // Now only Postgres knows it: it is reserved once more, found out, and withdrawn.
  const mine = browser()
  expect((await generateSessionUuid({ ...deps, drawUuid: () => uuid }, mine, context)).uuid).toBe(uuid)
  await until(
    async () => (await validateSessionUuid({ ...deps, limits: { take: async () => null } }, mine, uuid, context)).replaced !== undefined,
  )
})

it('is given out while Postgres is away, and recorded by the cleanup once it is back', async () => {
  const { uuid } = await generateSessionUuid({ ...deps, sessionUuidBook: away }, browser(), context)
  await refusal(cleanUp({ ...cleanup, sessionUuidBook: away }))
  expect(await rowOf(uuid)).toBeUndefined()
  await cleanUp()
  expect(await rowOf(uuid)).toMatchObject({ uuid, abandoned_at: null })
  const owed = await Promise.all([0, 1, 2, 3].map((partition) => deps.redis.zcard(`{p${partition}}:uuids:unrecorded`)))
  expect(owed).toEqual([0, 0, 0, 0])
})

it('that nobody comes back to goes with its files, after a day, and only then', async () => {
  const mine = browser()
  const { uuid } = await generateSessionUuid(deps, mine, context)
  await until(() => rowOf(uuid))
  deps.clock.advance(DAY_MS - 1)
  await cleanUp()
  expect(removed).not.toContain(uuid)
  deps.clock.advance(1)
  expect((await validateSessionUuid(deps, mine, uuid, context)).valid).toBe(false)
  const failing = { ...cleanup, sessionFiles: { removeAbandoned: () => Promise.reject(new AppError('service_degraded')) } }
  await refusal(cleanUp(failing))
  expect(await rowOf(uuid)).toMatchObject({ abandoned_at: null })
  await cleanUp()
  expect(removed).toContain(uuid)
  expect((await rowOf(uuid))?.abandoned_at).toBeInstanceOf(Date)
  expect((await deps.redis.keys('*')).filter((key) => key.includes(uuid))).toEqual([])
  const last = (await deps.events()).findLast(({ subject }) => subject === `session_uuid:${uuid}`)
  expect(last?.['type']).toBe('session_uuid.abandoned')
})

it('ten a minute from one network, of each of the two calls', async () => {
  const one: Caller = { kind: 'anonymous', network: '203.0.113.252', binding: randomUUID() }
  for (let i = 0; i < 10; i++) {
    const { uuid } = await generateSessionUuid(deps, one, context)
    await validateSessionUuid(deps, one, uuid, context)
  }
  const refused = await refusal(generateSessionUuid(deps, one, context))
  expect(refused).toMatchObject({ code: 'rate_limited', retryAfterMs: expect.any(Number) })
  expect((await refusal(validateSessionUuid(deps, one, randomUUID(), context))).code).toBe('rate_limited')
  deps.clock.advance(MINUTE_MS)
  await generateSessionUuid(deps, one, context)
})

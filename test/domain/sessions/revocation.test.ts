// What refuses a token: under key rotation, in several partitions, and until when.
import { randomBytes } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { requireStanding } from '../../../src/domain/revocation/standing.ts'
import { revokeToken } from '../../../src/domain/revocation/revoke.ts'
import type { TokenClaims } from '../../../src/domain/session-ports.ts'
import { endAllSessions } from '../../../src/domain/sessions/change.ts'
import { openSession, proposeSessionId } from '../../../src/domain/sessions/open.ts'
import { listSessions } from '../../../src/domain/sessions/read.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/lib/durations.ts'
import { createManualClock, refusal } from '../../support/domain.ts'
import { context, createSessions, server, user, type TestSessions } from '../../support/sessions.ts'

type Deps = TestSessions & Parameters<typeof openSession>[0]
const [oldKey, newKey] = ['old', 'new'].map((kid) => `${kid}:${randomBytes(32).toString('base64')}`)
const clock = createManualClock()
const first = (await createSessions({ partitions: 4, masterKeys: `${oldKey}`, clock })) as Deps
const { redisUrl } = first
/** The same Redis after a new key was put in front, and after the old one has gone. */
const rotated = (await createSessions({ partitions: 4, masterKeys: `${newKey},${oldKey}`, redisUrl, clock })) as Deps
const renewed = (await createSessions({ partitions: 4, masterKeys: `${newKey}`, redisUrl, clock })) as Deps

const claims = (more: Partial<TokenClaims> = {}): TokenClaims => ({
  subject: 'alice',
  roles: [],
  tokenId: `jti ${randomBytes(8).toString('hex')}`,
  issuedAtMs: clock.nowMs() - MINUTE_MS,
  expiresAtMs: clock.nowMs() + HOUR_MS,
  ...more,
})
const revoke = (deps: Deps, given: TokenClaims, caller = user(given.subject)) =>
  revokeToken({ ...deps, verifyJwt: async () => given }, caller, 'the token', context)
const isRefused = async (deps: Deps, given: TokenClaims): Promise<boolean> =>
  requireStanding(deps, given, undefined).then(
    () => false,
    (error: unknown) => error instanceof Error && 'code' in error && error.code === 'unauthenticated',
  )

describe('a revoked token', () => {
  it('is refused at once and goes on being refused while the master keys are replaced', async () => {
    const given = claims()
    expect(await isRefused(first, given)).toBe(false)
    await revoke(first, given)
    expect(await isRefused(first, given)).toBe(true)
    expect(await isRefused(rotated, given)).toBe(true)
    const later = claims()
    await revoke(rotated, later)
    expect(await isRefused(renewed, later)).toBe(true)
  })

  it('is remembered no longer than it could have been used', async () => {
    const given = claims({ expiresAtMs: clock.nowMs() + 10 * SECOND_MS })
    await revoke(first, given)
    const keys = await first.redis.keys('*:revoked:*')
    const left = await Promise.all(keys.map((key) => first.redis.pttl(key)))
    expect(Math.min(...left)).toBeGreaterThan(0)
    expect(Math.min(...left)).toBeLessThanOrEqual(70 * SECOND_MS)
  })

  it('is one event, however often it is revoked, and concerns no other token', async () => {
    const [given, other] = [claims(), claims()]
    await Promise.all([revoke(first, given), revoke(first, given), revoke(first, given, server)])
    expect(await isRefused(first, other)).toBe(false)
    // Another user's token of the same id is another token.
    expect(await isRefused(first, { ...given, subject: 'bob' })).toBe(false)
    const events = (await first.events()).filter(({ type }) => type === 'token.revoked')
    expect(new Set(events.map(({ subject }) => subject)).size).toBe(events.length)
  })

  it('can be revoked by its user and by servers, not by others', async () => {
    expect((await refusal(revoke(first, claims(), user('eve')))).code).toBe('not_found')
    await revoke(first, claims(), user('root', {}, { roles: ['admin'] }))
  })
})

describe('a sign-out everywhere', () => {
  it('refuses what was issued until then, through the replacement of the master keys', async () => {
    const before = claims({ subject: 'carol' })
    await endAllSessions(rotated, server, { userId: 'carol' }, context)
    const undated = claims({ subject: 'carol', issuedAtMs: 0 })
    const after = claims({ subject: 'carol', issuedAtMs: clock.nowMs() + SECOND_MS })
    for (const deps of [rotated, renewed]) {
      expect([await isRefused(deps, before), await isRefused(deps, undated), await isRefused(deps, after)]).toEqual([true, true, false])
    }
  })

  it('ends sessions that were opened under an older key as well', async () => {
    const caller = user('dora')
    const opened = await openSession(first, caller, proposeSessionId(first, caller, {}), {}, undefined, context)
    const underNew = await openSession(rotated, caller, proposeSessionId(rotated, caller, {}), {}, undefined, context)
    expect((await listSessions(rotated, caller, { first: 10 })).nodes.map(({ id }) => id).toSorted()).toEqual(
      [opened.id, underNew.id].toSorted(),
    )
    expect(await isRefused(rotated, claims({ subject: 'dora', sessionId: opened.id }))).toBe(false)
    expect(await endAllSessions(rotated, caller, {}, context)).toBe(2)
    expect(await isRefused(rotated, claims({ subject: 'dora', sessionId: opened.id, issuedAtMs: clock.nowMs() + SECOND_MS }))).toBe(true)
  })
})

it('asking is one command to Redis, whether the token names a session or not', async () => {
  const parts = (await createSessions({ partitions: 4 })) as Deps
  const caller = user('ada')
  const { id } = await openSession(parts, caller, proposeSessionId(parts, caller, {}), {}, undefined, context)
  const asked = vi.spyOn(parts.redis, 'sendCommand')
  for (const given of [claims({ subject: 'ada' }), claims({ subject: 'ada', sessionId: id })]) {
    await requireStanding(parts, given, undefined)
    asked.mockClear()
    await requireStanding(parts, given, undefined)
    expect(asked.mock.calls.map(([command]) => command.name)).toEqual(['evalsha'])
  }
})

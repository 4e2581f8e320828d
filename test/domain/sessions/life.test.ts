// The life of a session by the clock: how long it lives, what ends it, what does not bring it back.
import { describe, expect, it } from 'vitest'
import { requireStanding } from '../../../src/domain/revocation/standing.ts'
import type { TokenClaims } from '../../../src/domain/session-ports.ts'
import { endAllSessions, endSession, patchSession } from '../../../src/domain/sessions/change.ts'
import { cleanUpSessions } from '../../../src/domain/sessions/cleanup.ts'
import { openSession, proposeSessionId } from '../../../src/domain/sessions/open.ts'
import { getSession, listSessions } from '../../../src/domain/sessions/read.ts'
import { readSessionStatistics } from '../../../src/domain/sessions/statistics.ts'
import { elevateSession, requireAssurance } from '../../../src/domain/sessions/step-up.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/lib/durations.ts'
import { partitionOfUuid } from '../../../src/lib/partitioned-uuid.ts'
import { noSessionFiles } from '../../../src/bin/no-session-files.ts'
import { refusal } from '../../support/domain.ts'
import { context, createSessions, server, user, type TestSessions } from '../../support/sessions.ts'

const parts = await createSessions({ partitions: 4 })
// What these functions do not touch is not there.
const deps = parts as TestSessions & Parameters<typeof openSession>[0]

let drawn = 0
const newName = (): string => `user-${drawn++}`
async function open(subject: string, caller = user(subject)): Promise<string> {
  const id = proposeSessionId(deps, caller, {})
  return (await openSession(deps, caller, id, {}, undefined, context)).id
}
const claims = (subject: string, sessionId?: string, more: Partial<TokenClaims> = {}): TokenClaims => ({
  subject,
  roles: [],
  tokenId: 'jti 1',
  issuedAtMs: deps.clock.nowMs() - MINUTE_MS,
  expiresAtMs: deps.clock.nowMs() + HOUR_MS,
  ...(sessionId === undefined ? {} : { sessionId }),
  ...more,
})
const codeOf = async (work: Promise<unknown>) => (await refusal(work)).code

describe('a session', () => {
  it('lives 24 hours after it was last used, and 30 days at most however much it is', async () => {
    const name = newName()
    const id = await open(name)
    for (let day = 0; day < 30; day++) {
      deps.clock.advance(23 * HOUR_MS)
      await requireStanding(deps, claims(name, id), undefined)
    }
    deps.clock.advance(23 * HOUR_MS)
    await requireStanding(deps, claims(name, id), undefined)
    deps.clock.advance(10 * HOUR_MS)
    expect(await codeOf(requireStanding(deps, claims(name, id), undefined))).toBe('unauthenticated')
    const idle = await open(name)
    deps.clock.advance(24 * HOUR_MS)
    expect(await codeOf(requireStanding(deps, claims(name, idle), undefined))).toBe('unauthenticated')
    expect(await codeOf(getSession(deps, user(name), idle))).toBe('not_found')
  })

  it('is written as seen at most once a minute', async () => {
    const name = newName()
    const id = await open(name)
    const seen = async () => (await getSession(deps, user(name), id)).lastSeenAt
    const first = await seen()
    deps.clock.advance(59_000)
    await requireStanding(deps, claims(name, id), undefined)
    expect(await seen()).toBe(first)
    deps.clock.advance(1_000)
    await requireStanding(deps, claims(name, id), undefined)
    expect(Date.parse(await seen()) - Date.parse(first)).toBe(MINUTE_MS)
  })

  it('that has ended is brought back by no write, not even by one that was let in before', async () => {
    const name = newName()
    const id = await open(name)
    const work = Array.from({ length: 100 }, (_, n) => {
      if (n === 50) return endSession(deps, user(name), id, context)
      if (n % 3 === 0) return requireStanding(deps, claims(name, id), 'some network')
      if (n % 3 === 1) return patchSession(deps, user(name), id, { metadata: { [`n${n}`]: n } }, context)
      return elevateSession(deps, user(name), id, 'test', context)
    })
    await Promise.allSettled(work)
    expect(await deps.redis.exists(`{p${partitionOfUuid(id)}}:session:${id}`)).toBe(0)
    expect((await listSessions(deps, user(name), { first: 10 })).totalCount).toBe(0)
  })

  it('cannot be opened by a request that was on its way while its user was signed out, or its session or token ended', async () => {
    const name = newName()
    const caller = user(name, { issuedAtMs: deps.clock.nowMs() - 1 })
    await endAllSessions(deps, server, { userId: name }, context)
    expect(await codeOf(open(name, caller))).toBe('unauthenticated')
    deps.clock.advance(1)
    const later = { issuedAtMs: deps.clock.nowMs() }
    const id = await open(name, user(name, later))
    await endSession(deps, user(name, later), id, context)
    expect(await codeOf(open(name, user(name, { ...later, sessionId: id })))).toBe('unauthenticated')
  })

  it('too many ends the one that was opened first', async () => {
    const name = newName()
    const first = await open(name)
    for (let i = 0; i < 100; i++) {
      deps.clock.advance(1)
      await open(name)
    }
    expect((await listSessions(deps, user(name), { first: 1 })).totalCount).toBe(100)
    expect(await codeOf(getSession(deps, user(name), first))).toBe('not_found')
  })

  it('that is raised falls back by itself, and routes that ask for more refuse then', async () => {
    const name = newName()
    const id = await open(name)
    await elevateSession(deps, user(name), id, 'test', context)
    const assuranceOf = async () => {
      const token = await requireStanding(deps, claims(name, id), undefined)
      requireAssurance(user(name, token), 'elevated', deps.clock.nowMs())
    }
    deps.clock.advance(15 * MINUTE_MS - 1)
    await assuranceOf()
    deps.clock.advance(1)
    expect(await codeOf(assuranceOf())).toBe('assurance_required')
    expect((await getSession(deps, user(name), id)).assurance).toBe('basic')
    // A token without a session is as sure as a token can be, which is basic.
    expect(() => requireAssurance(user(name), 'elevated', deps.clock.nowMs())).toThrow('second proof')
    expect(() => requireAssurance(server, 'elevated', deps.clock.nowMs())).not.toThrow()
  })

  it('nobody came back to is swept, with its event and its number, and leaves nothing behind', async () => {
    const name = newName()
    const id = await open(name)
    deps.clock.advance(2 * DAY_MS)
    const cleanUp = { ...deps, sessionFiles: noSessionFiles }
    for (let partition = 0; partition < 4; partition++) await cleanUpSessions(cleanUp, partition, new AbortController().signal)
    const keys = await deps.redis.keys('*')
    expect(keys.filter((key) => key.includes(id))).toEqual([])
    expect(await deps.redis.zcard(`{p${partitionOfUuid(id)}}:sessions:due`)).toBe(0)
    const ended = (await deps.events()).findLast(({ type, subject }) => type === 'session.ended' && subject === `session:${id}`)
    expect(ended).toMatchObject({ sequence: '2', actor: '' })
    expect(JSON.parse(ended?.['data'] ?? '')).toMatchObject({ reason: 'expired' })
    const { active, days } = await readSessionStatistics(deps)
    expect(active).toBe(0)
    expect(days[0]?.endedBy.expired).toBeGreaterThan(0)
  })

  it('writes an event for each of its changes, numbered without a gap, with who did it', async () => {
    const name = newName()
    const id = await open(name)
    await patchSession(deps, user(name), id, { metadata: { a: 1 } }, context)
    await elevateSession(deps, user(name), id, 'test', context)
    await endSession(deps, user(name), id, context)
    const events = (await deps.events()).filter(({ subject }) => subject === `session:${id}`)
    expect(events.map(({ type, sequence }) => [type, sequence])).toEqual([
      ['session.created', '1'],
      ['session.changed', '2'],
      ['session.stepped_up', '3'],
      ['session.ended', '4'],
    ])
    expect(new Set(events.map(({ actor }) => actor)).size).toBe(1)
    expect(events[0]?.['actor']).toMatch(/^[\w-]{22}$/)
    expect(JSON.stringify(events)).not.toContain(name)
  })

  it('keeps nothing personal in clear', async () => {
    const name = 'ada.lovelace'
    const caller = user(name)
    await openSession(deps, caller, proposeSessionId(deps, caller, {}), { metadata: { note: 'a private word' } }, undefined, context)
    const keys = await deps.redis.keys('*')
    const values = await Promise.all(
      keys.map(async (key) => (key.includes(':session:') ? JSON.stringify(await deps.redis.hgetall(key)) : key)),
    )
    expect(values.join()).not.toMatch(/ada\.lovelace|private word/)
  })
})

describe('unusual activity', () => {
  const reasons = async (subject: string): Promise<string[]> =>
    (await deps.events())
      .filter((event) => event['type'] === 'session.unusual_activity' && event['subject'] === subject)
      .map(({ data = '{}' }) => (JSON.parse(data) as { reason: string }).reason)

  it('is a device that this user never came with, once there is one to compare with', async () => {
    const name = newName()
    const agents = [
      'Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36',
      'Mozilla/5.0 (iPhone; CPU iPhone OS 19) Version/19.0 Mobile Safari/604.1',
    ]
    const openOn = async (agent: string | undefined) => {
      const caller = user(name)
      return (await openSession(deps, caller, proposeSessionId(deps, caller, {}), {}, agent, context)).id
    }
    expect(await reasons(`session:${await openOn(agents[0])}`)).toEqual([])
    expect(await reasons(`session:${await openOn(agents[0])}`)).toEqual([])
    expect(await reasons(`session:${await openOn(agents[1])}`)).toEqual(['new_device'])
    expect(deps.told).toContain('unusual new_device')
  })

  it('is a pace that no person travels at: four networks within ten minutes', async () => {
    const name = newName()
    const id = await open(name)
    for (const network of ['198.51.100.1', '198.51.100.2', '198.51.100.3', '198.51.100.4']) {
      deps.clock.advance(MINUTE_MS)
      await requireStanding(deps, claims(name, id), network)
    }
    expect(await reasons(`session:${id}`)).toEqual(['network_pace'])
    const slow = await open(newName())
    expect(await reasons(`session:${slow}`)).toEqual([])
  })
})

// Starting a verification: what is accepted, under which rules, and what a second start means.
import { describe, expect, it } from 'vitest'
import type { Caller } from '../../../src/domain/caller.ts'
import { cancelVerification } from '../../../src/domain/verification/cancel.ts'
import { getVerification } from '../../../src/domain/verification/read.ts'
import { startVerification } from '../../../src/domain/verification/start.ts'
import { createDomain, newAddress, newPhone, refusal, someone } from '../../support/domain.ts'

const domain = await createDomain()
const minute = 60_000
const server: Caller = { kind: 'api-key', keyId: 'key_1', scopes: [] }

describe('an accepted start', () => {
  it('is queued, masked, and promises what the contract says', async () => {
    const { verification, replayed } = await domain.start({ to: '+14155552671' })
    const nowMs = domain.clock.nowMs()
    const at = (ms: number) => new Date(nowMs + ms).toISOString()
    expect(replayed).toBe(false)
    expect(verification).toEqual({
      id: expect.stringMatching(/^ver_[0-9a-z]{32}$/),
      status: 'queued',
      channel: 'sms',
      method: 'code',
      purpose: 'phone_verification',
      to: '+1•••••2671',
      attemptsRemaining: 5,
      sendsRemaining: 4,
      resendAvailableAt: at(30_000),
      expiresAt: at(10 * minute),
      createdAt: at(0),
      sequence: 1,
    })
    expect(await getVerification(domain.accept, someone, verification.id)).toEqual(verification)
  })

  it.each([
    [{ channel: 'sms' }, 'phone_verification', 10 * minute, 5],
    [{ channel: 'sms', purpose: 'password_reset' }, 'password_reset', 10 * minute, 3],
    [{ channel: 'sms', purpose: 'registration' }, 'registration', 10 * minute, 3],
    [{ channel: 'email' }, 'email_verification', 10 * minute, 3],
    [{ channel: 'email', purpose: 'password_reset' }, 'password_reset', 30 * minute, 3],
    [{ channel: 'email', purpose: 'registration' }, 'registration', 1_440 * minute, 3],
    [{ channel: 'email', method: 'link' }, 'email_verification', 1_440 * minute, 3],
    [{ channel: 'email', method: 'link', purpose: 'password_reset' }, 'password_reset', 30 * minute, 3],
  ])('of %j is for %s, lives %i ms and allows %i wrong codes', async (request, purpose, ttlMs, attempts) => {
    const { verification } = await domain.start(request)
    expect(verification).toMatchObject({ purpose, attemptsRemaining: attempts })
    expect(Date.parse(verification.expiresAt) - Date.parse(verification.createdAt)).toBe(ttlMs)
  })

  it('keeps neither destination, name, user nor metadata in clear', async () => {
    const to = newAddress()
    const { verification } = await domain.start({
      channel: 'email',
      to,
      name: 'Zaphod',
      userId: 'user-4711',
      metadata: { order: 'towel-42' },
    })
    const record = JSON.stringify(await domain.redis.hgetall(`{p0}:ver:${verification.id}`))
    for (const personal of [to, 'Zaphod', 'user-4711', 'towel-42', domain.code(verification.id)]) expect(record).not.toContain(personal)
  })

  it('is accepted once the script has committed, whatever the queue says', async () => {
    const accept = { ...domain.accept, enqueue: () => Promise.reject(new Error('away')) }
    const request = { channel: 'sms', to: newPhone(), method: 'code', locale: 'en' } as const
    const { verification } = await startVerification(accept, someone, request, { requestId: 'r' })
    expect(await domain.redis.zscore('{p0}:intents', `otp.send.${verification.id}.1`)).not.toBeNull()
    expect(domain.telemetry.events).toContain('repaired.enqueue_deferred')
  })
})

describe('a start is refused', () => {
  it.each([
    ['a channel that is not in use', { channel: 'voice', to: '+14155552671' }, 'channel_disabled', '/channel'],
    ['a number that is none', { to: '+1 415 HELLO' }, 'invalid_request', '/to'],
    ['two addresses', { channel: 'email', to: 'a@example.com,b@example.com' }, 'invalid_request', '/to'],
    ['a redirect that nobody registered', { redirect: 'evil' }, 'invalid_request', '/redirect'],
  ])('for %s', async (_what, request, code, pointer) => {
    expect(await refusal(domain.start(request))).toMatchObject({ code, faults: [{ pointer }] })
  })

  it('for a country that is not served, and by the number, not by its spelling', async () => {
    const limited = { ...domain.accept, policy: { ...domain.accept.policy, allowedCountries: ['NA'] } }
    const start = (to: string) =>
      startVerification(limited, someone, { channel: 'sms', to, method: 'code', locale: 'en' }, { requestId: 'r' })
    expect(await refusal(start('+49 1512 3456789'))).toMatchObject({ code: 'country_not_allowed' })
    expect((await start('+264 81 123 4567')).verification.status).toBe('queued')
  })
})

describe('a second start while one is live', () => {
  it('is a resend of that one, in whatever spelling, and its cooldown applies', async () => {
    const first = await domain.start({ to: '+1 (415) 555-9001' })
    expect(await refusal(domain.start({ to: '+14155559001' }))).toMatchObject({ code: 'cooldown_active', retryAfterMs: 30_000 })
    domain.clock.advance(30_000)
    const again = await domain.start({ to: '+１４１５５５５９００１' })
    expect(again.verification).toMatchObject({
      id: first.verification.id,
      sendsRemaining: 3,
      expiresAt: first.verification.expiresAt,
      sequence: 2,
    })
  })

  it('counts against no limit of starts', async () => {
    const to = newPhone()
    for (let at = 0; at < 4; at++) {
      const { verification } = await domain.start({ to })
      domain.clock.advance(30_000)
      await domain.start({ to })
      await cancelVerification(domain.accept, someone, verification.id, { requestId: 'r' })
    }
    expect((await domain.start({ to })).verification.status).toBe('queued')
  })

  it.each([
    ['another purpose', { purpose: 'two_factor' }, someone],
    ['another caller', {}, server],
    ['another network', {}, { kind: 'anonymous', network: '203.0.113.1' } as const],
  ])('for %s is a verification of its own', async (_what, more, caller) => {
    const to = newPhone()
    const first = await domain.start({ to })
    const second = await domain.start({ to, ...more }, caller)
    expect(second.verification.id).not.toBe(first.verification.id)
  })

  it.each(['approved', 'canceled', 'expired'])('is a new one when the first is %s', async (how) => {
    const to = newPhone()
    const { verification } = await domain.start({ to })
    if (how === 'approved') await domain.check(verification.id, domain.code(verification.id))
    if (how === 'canceled') await cancelVerification(domain.accept, someone, verification.id, { requestId: 'r' })
    // Redis's own clock has not moved, so the index still names the first: the record decides.
    if (how === 'expired') domain.clock.advance(10 * minute)
    const next = await domain.start({ to })
    expect(next.verification.id).not.toBe(verification.id)
    expect(next.verification.status).toBe('queued')
    expect((await getVerification(domain.accept, someone, verification.id)).status).toBe(how)
  })

  it('twenty at once give one verification', async () => {
    const to = newPhone()
    const starts = await Promise.allSettled(Array.from({ length: 20 }, () => domain.start({ to })))
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})

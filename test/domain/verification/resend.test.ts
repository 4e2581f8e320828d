// Further messages of the same verification: how soon, how many, and what stays as it was.
import { describe, expect, it } from 'vitest'
import { cancelVerification } from '../../../src/domain/verification/cancel.ts'
import { listAttempts } from '../../../src/domain/verification/read.ts'
import { resendVerification } from '../../../src/domain/verification/resend.ts'
import { createDomain, newPhone, refusal, someone, wrongCodes } from '../../support/domain.ts'

const domain = await createDomain()
const minute = 60_000
const resend = (id: string, channel?: 'sms' | 'voice') => resendVerification(domain.accept, someone, id, channel, { requestId: 'r' })
const start = async (request = {}) => (await domain.start(request)).verification

describe('a resend', () => {
  it('waits 30, 60 and 120 s, and to the millisecond', async () => {
    const { id } = await start({ channel: 'email', method: 'link' })
    for (const cooldownMs of [30_000, 60_000, 120_000]) {
      expect(await refusal(resend(id))).toMatchObject({ code: 'cooldown_active', retryAfterMs: cooldownMs })
      domain.clock.advance(cooldownMs - 1)
      expect(await refusal(resend(id))).toMatchObject({ code: 'cooldown_active', retryAfterMs: 1 })
      domain.clock.advance(1)
      await resend(id)
    }
  })

  it('comes at most three times in any five minutes, and four times in all', async () => {
    const { id } = await start({ channel: 'email', method: 'link' })
    const sentAtMs: number[] = []
    for (let second = 0; second < 1_200 && sentAtMs.length < 4; second++) {
      domain.clock.advance(1_000)
      const sent = await resend(id).catch(() => null)
      if (sent) sentAtMs.push(domain.clock.nowMs())
    }
    expect(sentAtMs).toHaveLength(4)
    expect((sentAtMs[3] ?? 0) - (sentAtMs[0] ?? 0)).toBe(5 * minute)
    domain.clock.advance(60 * minute)
    expect(await refusal(resend(id))).toMatchObject({ code: 'max_sends_reached' })
  })

  it('keeps to three in five minutes whatever the cooldowns are', async () => {
    const { id } = await start({ channel: 'email', method: 'link' })
    domain.clock.advance(30_000)
    const sends = { maxSends: 50, cooldownsMs: [1_000], burst: { resends: 3, windowMs: 5 * minute } }
    const sentAtMs: number[] = []
    for (let second = 0; second < 1_200; second++) {
      domain.clock.advance(1_000)
      const nowMs = domain.clock.nowMs()
      const { kind } = await domain.accept.verifications.resend({ id, job: 'email-link.send', requestId: 'r', actor: 'a', sends, nowMs })
      if (kind === 'queued') sentAtMs.push(nowMs)
    }
    expect(sentAtMs.length).toBeGreaterThan(9)
    for (const [at, ms] of sentAtMs.entries()) expect((sentAtMs[at + 3] ?? Infinity) - ms).toBeGreaterThanOrEqual(5 * minute)
  })

  it('says when the next one may follow', async () => {
    const { id } = await start()
    domain.clock.advance(30_000)
    const { resendAvailableAt, sendsRemaining } = await resend(id)
    expect({ resendAvailableAt, sendsRemaining }).toEqual({
      resendAvailableAt: new Date(domain.clock.nowMs() + 60_000).toISOString(),
      sendsRemaining: 3,
    })
  })

  it('carries the same code to the same expiry', async () => {
    const to = newPhone()
    const { id, expiresAt } = await start({ to })
    domain.clock.advance(30_000)
    expect((await resend(id)).expiresAt).toBe(expiresAt)
    await domain.run(id, 1)
    await domain.run(id, 2)
    const codes = domain.standins.outbox.list(to).map(({ text }) => /\d{6}/.exec(text)?.[0])
    expect(codes).toEqual([domain.code(id), domain.code(id)])
  })

  it('gives no new attempts', async () => {
    const { id } = await start()
    for (const code of wrongCodes(domain.code(id), 4)) await refusal(domain.check(id, code))
    domain.clock.advance(30_000)
    expect((await resend(id)).attemptsRemaining).toBe(1)
    expect(await refusal(domain.check(id, domain.wrongCode(id)))).toMatchObject({ code: 'incorrect_code', attemptsRemaining: 0 })
    expect(await refusal(resend(id))).toMatchObject({ code: 'max_attempts_reached' })
  })

  it('is an attempt of its own, and twenty at once are one', async () => {
    const { id } = await start()
    domain.clock.advance(30_000)
    const resends = await Promise.allSettled(Array.from({ length: 20 }, () => resend(id)))
    expect(resends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const { nodes } = await listAttempts(domain.accept, someone, id)
    expect(nodes.map(({ number, status }) => [number, status])).toEqual([
      [1, 'queued'],
      [2, 'queued'],
    ])
  })

  it('by another channel than the one it was started with is not available', async () => {
    const { id } = await start()
    domain.clock.advance(30_000)
    expect(await refusal(resend(id, 'voice'))).toMatchObject({ code: 'channel_disabled', faults: [{ pointer: '/channel' }] })
    expect((await resend(id, 'sms')).sendsRemaining).toBe(3)
  })

  it.each([
    ['canceled', 'verification_canceled'],
    ['expired', 'verification_expired'],
    ['approved', 'already_approved'],
  ])('of one that is %s says so', async (how, code) => {
    const { id } = await start()
    if (how === 'canceled') await cancelVerification(domain.accept, someone, id, { requestId: 'r' })
    if (how === 'approved') await domain.check(id, domain.code(id))
    domain.clock.advance(how === 'expired' ? 10 * minute : 30_000)
    expect(await refusal(resend(id))).toMatchObject({ code })
  })
})

// Idempotency keys: the same request twice is once, and what its first answer was is said again.
import { describe, expect, it } from 'vitest'
import type { Caller } from '../../../src/domain/caller.ts'
import { runIdempotent } from '../../../src/domain/idempotency.ts'
import { AppError } from '../../../src/errors.ts'
import { startVerification } from '../../../src/domain/verification/start.ts'
import { createDomain, newPhone, refusal, replacing, someone } from '../../support/domain.ts'

const day = 86_400_000

describe.each([1, 4])('with %i partitions', async (partitions) => {
  const domain = await createDomain({ partitions })
  let keys = 0
  const newKey = () => `key-${keys++}`

  it('a repeat gives the first answer, sends nothing again and counts once', async () => {
    const [to, idempotencyKey] = [newPhone(), newKey()]
    const first = await domain.start({ to }, someone, { idempotencyKey })
    domain.clock.advance(45_000)
    for (let at = 0; at < 8; at++) {
      expect(await domain.start({ to }, someone, { idempotencyKey })).toEqual({ verification: first.verification, replayed: true })
    }
  })

  it('twenty repeats at once are one verification', async () => {
    const [to, idempotencyKey] = [newPhone(), newKey()]
    const repeats = await Promise.allSettled(Array.from({ length: 20 }, () => domain.start({ to }, someone, { idempotencyKey })))
    const answers = repeats.flatMap((repeat) => (repeat.status === 'fulfilled' ? [repeat.value] : []))
    expect(new Set(answers.map(({ verification }) => verification.id)).size).toBe(1)
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1)
    const refusals = repeats.flatMap((repeat) => (repeat.status === 'rejected' ? [(repeat.reason as AppError).code] : []))
    expect(new Set(refusals).size).toBeLessThanOrEqual(1)
    expect(refusals.every((code) => code === 'idempotency_key_in_progress')).toBe(true)
  })

  it('the same key for another body is refused', async () => {
    const idempotencyKey = newKey()
    await domain.start({}, someone, { idempotencyKey })
    expect(await refusal(domain.start({}, someone, { idempotencyKey }))).toMatchObject({ code: 'idempotency_key_reused' })
  })

  it('a refusal frees the key', async () => {
    const [to, idempotencyKey] = [newPhone(), newKey()]
    await domain.start({ to })
    expect(await refusal(domain.start({ to }, someone, { idempotencyKey }))).toMatchObject({ code: 'cooldown_active' })
    expect(await refusal(domain.start({ to }, someone, { idempotencyKey }))).toMatchObject({ code: 'cooldown_active' })
    domain.clock.advance(30_000)
    const resent = await domain.start({ to }, someone, { idempotencyKey })
    expect(resent).toMatchObject({ replayed: false, verification: { sendsRemaining: 3 } })
    expect(await domain.start({ to }, someone, { idempotencyKey })).toEqual({ verification: resent.verification, replayed: true })
  })

  it('callers do not share keys, and browsers of one network do not either', async () => {
    const idempotencyKey = newKey()
    const callers: Caller[] = [
      { kind: 'user', subject: 'a', roles: [] },
      { kind: 'user', subject: 'b', roles: [] },
      { kind: 'api-key', keyId: 'a', scopes: [] },
      someone,
      { ...someone, binding: 'one-browser' },
      { ...someone, binding: 'another-browser' },
    ]
    const ids = new Set<string>()
    for (const caller of callers) ids.add((await domain.start({}, caller, { idempotencyKey })).verification.id)
    expect(ids.size).toBe(callers.length)
  })

  it('a browser finds its answer again without the cookie it was given, and with it', async () => {
    const [to, idempotencyKey] = [newPhone(), newKey()]
    const first = await domain.start({ to }, { ...someone, binding: 'fresh', isNewBinding: true }, { idempotencyKey })
    const replay = { verification: first.verification, replayed: true }
    expect(await domain.start({ to }, { ...someone, binding: 'fresher', isNewBinding: true }, { idempotencyKey })).toEqual(replay)
    expect(await domain.start({ to }, { ...someone, binding: 'fresh' }, { idempotencyKey })).toEqual(replay)
  })

  it('a claim whose process died is taken over after its lease, under the same id', async () => {
    const idempotencyKey = newKey()
    const context = { requestId: 'first', idempotencyKey }
    const crash = () => runIdempotent(domain.accept, someone, 'POST /v1/x', context, {}, () => Promise.reject(new Error('killed')), 'first')
    await expect(crash()).rejects.toThrow('killed')
    const again = () => runIdempotent(domain.accept, someone, 'POST /v1/x', context, {}, (id) => Promise.resolve(id), 'second')
    expect(await refusal(again())).toMatchObject({ code: 'idempotency_key_in_progress', retryAfterMs: 1_000 })
    domain.clock.advance(60_000)
    expect(await again()).toEqual({ answer: 'first', replayed: false })
    expect(await again()).toEqual({ answer: 'first', replayed: true })
  })

  it('a claim that a start left behind is taken over as well', async () => {
    const [to, idempotencyKey] = [newPhone(), newKey()]
    await domain.start({ to })
    domain.clock.advance(30_000)
    // The resend is refused by an outage: the key stays claimed, since nobody knows what was done.
    const verifications = replacing(domain.accept.verifications, { resend: () => Promise.reject(new AppError('service_degraded')) })
    const request = { channel: 'sms', to, method: 'code', locale: 'en' } as const
    const context = { requestId: 'r', idempotencyKey }
    expect(await refusal(startVerification({ ...domain.accept, verifications }, someone, request, context))).toMatchObject({
      code: 'service_degraded',
    })
    expect(await refusal(startVerification(domain.accept, someone, request, context))).toMatchObject({
      code: 'idempotency_key_in_progress',
    })
    domain.clock.advance(60_000)
    expect((await startVerification(domain.accept, someone, request, context)).verification.sendsRemaining).toBe(3)
  })

  it('an answer that cannot be kept is given all the same', async () => {
    const idempotency = { ...domain.accept.idempotency, settle: () => Promise.reject(new AppError('service_degraded')) }
    const context = { requestId: 'r', idempotencyKey: newKey() }
    expect(await runIdempotent({ ...domain.accept, idempotency }, someone, 'x', context, {}, async () => 'done')).toEqual({
      answer: 'done',
      replayed: false,
    })
  })

  it('an answer opens for its own key only', async () => {
    const [idempotencyKey, other] = [newKey(), newKey()]
    const run = (key: string, answer: string) =>
      runIdempotent(domain.accept, someone, 'x', { requestId: 'r', idempotencyKey: key }, { a: 1 }, async () => answer)
    const placeOf = async (key: string): Promise<string> => {
      const before = new Set(await domain.redis.keys('*:idem:*'))
      await run(key, `answer to ${key}`)
      return (await domain.redis.keys('*:idem:*')).find((place) => !before.has(place)) ?? ''
    }
    const [mine, theirs] = [await placeOf(idempotencyKey), await placeOf(other)]
    expect((await run(other, 'never')).replayed).toBe(true)
    await domain.redis.hset(theirs, 'answer', (await domain.redis.hget(mine, 'answer')) ?? '')
    expect(await refusal(run(other, 'never'))).toMatchObject({ code: 'idempotency_key_reused' })
  })

  it('answers are kept sealed, for a day', async () => {
    const idempotencyKey = newKey()
    const { verification } = await domain.start({}, someone, { idempotencyKey })
    const found: Record<string, string>[] = []
    for (const key of await domain.redis.keys('*:idem:*')) {
      const fields = await domain.redis.hgetall(key)
      if (fields['id'] !== verification.id) continue
      found.push(fields)
      const leftMs = await domain.redis.pttl(key)
      expect(leftMs).toBeGreaterThan(day - 60_000)
      expect(leftMs).toBeLessThanOrEqual(day)
    }
    expect(found).toHaveLength(1)
    expect(found[0]?.['answer']).toMatch(/^dev1\.[A-Za-z0-9_-]+$/)
    expect(JSON.stringify(found)).not.toContain('•')
  })
})

// Counting limits in Redis: exact where numbers are small, two numbers where they are large, all rules or none.
import { describe, expect, it } from 'vitest'
import type { LimitRule } from '../../../src/domain/ports.ts'
import { createRateLimitStore } from '../../../src/stores/redis/rate-limits.ts'
import { createDomain } from '../../support/domain.ts'

const domain = await createDomain()
const store = createRateLimitStore(domain.runner, 1)
let subjects = 0
const rule = (style: LimitRule['style'], limit: number, windowMs: number, subject = `subject-${subjects++}`): LimitRule => ({
  kind: 'test',
  subject,
  style,
  home: 'own',
  windows: [{ name: 'window', limit, windowMs }],
})
let uses = 0
const take = (rules: readonly LimitRule[], nowMs: number, useId = `use-${uses++}`) => store.take(rules, useId, nowMs)
/** A moment at which a minute begins. */
const minuteMs = Math.ceil(Date.now() / 60_000) * 60_000

describe('an exact rule', () => {
  it('counts a repeat of the same use once, and lets it pass when the rule is full', async () => {
    const rules = [rule('exact', 2, 1_000)]
    for (let at = 0; at < 5; at++) expect(await take(rules, minuteMs, 'same')).toBeNull()
    expect(await take(rules, minuteMs)).toBeNull()
    expect(await take(rules, minuteMs)).not.toBeNull()
    expect(await take(rules, minuteMs, 'same')).toBeNull()
  })

  it('counts a repeat where the first was', async () => {
    const rules = [rule('exact', 1, 1_000)]
    await take(rules, minuteMs, 'same')
    await take(rules, minuteMs + 900, 'same')
    expect(await take(rules, minuteMs + 999)).toMatchObject({ retryAfterMs: 1 })
    expect(await take(rules, minuteMs + 1_000)).toBeNull()
  })

  it('forgets by itself', async () => {
    const [one] = [rule('exact', 5, 1_000)]
    await take([one], Date.now())
    const leftMs = await domain.redis.pttl(`{p0}:limit:test:${one.subject}`)
    expect(leftMs).toBeGreaterThan(0)
    expect(leftMs).toBeLessThanOrEqual(1_000)
  })

  it('keeps no more moments than its limit, however often it refuses', async () => {
    const one = rule('exact', 3, 60_000)
    for (let at = 0; at < 50; at++) await take([one], minuteMs + at)
    expect(await domain.redis.zcard(`{p0}:limit:test:${one.subject}`)).toBe(3)
  })
})

describe('a smooth rule', () => {
  it('allows its number in a minute, and says honestly when to come back', async () => {
    const rules = [rule('smooth', 60, 60_000)]
    for (let at = 0; at < 60; at++) expect(await take(rules, minuteMs + at * 100)).toBeNull()
    const nowMs = minuteMs + 7_000
    const refusal = await take(rules, nowMs)
    expect(refusal?.retryAfterMs).toBeGreaterThan(53_000)
    expect(await take(rules, nowMs + (refusal?.retryAfterMs ?? 0) - 100)).not.toBeNull()
    expect(await take(rules, nowMs + (refusal?.retryAfterMs ?? 0))).toBeNull()
  })

  it.each([1, 2, 7, 600])('of %i says honestly at any moment', async (limit) => {
    const rules = [rule('smooth', limit, 60_000)]
    let nowMs = minuteMs
    for (let at = 0; at < 40; at++) {
      let refusal = await take(rules, nowMs)
      for (let burst = 0; burst < limit && !refusal; burst++) refusal = await take(rules, nowMs)
      expect(refusal).not.toBeNull()
      nowMs += refusal?.retryAfterMs ?? 0
      expect(await take(rules, nowMs)).toBeNull()
      nowMs += Math.floor(Math.random() * 40_000)
    }
  })

  it('weighs the minute before by what is left of it', async () => {
    const rules = [rule('smooth', 60, 60_000)]
    for (let at = 0; at < 60; at++) await take(rules, minuteMs + 59_000)
    let taken = 0
    while ((await take(rules, minuteMs + 90_000)) === null) taken++
    expect(taken).toBe(30)
  })

  it('is not begun anew by a process whose clock is a little behind', async () => {
    const rules = [rule('smooth', 10, 60_000)]
    for (let at = 0; at < 10; at++) expect(await take(rules, minuteMs + (at % 2 === 0 ? 0 : -1))).toBeNull()
    for (const ms of [0, -1, 1, -1]) expect(await take(rules, minuteMs + ms)).not.toBeNull()
  })

  it('forgets a minute that is long over', async () => {
    const rules = [rule('smooth', 2, 60_000)]
    await take(rules, minuteMs)
    await take(rules, minuteMs)
    expect(await take(rules, minuteMs)).not.toBeNull()
    expect(await take(rules, minuteMs + 120_000)).toBeNull()
  })
})

describe('several rules', () => {
  it('are counted all or none, and the first that is full is named', async () => {
    const [wide, narrow] = [rule('exact', 5, 1_000), rule('smooth', 1, 1_000)]
    expect(await take([wide, narrow], minuteMs)).toBeNull()
    for (let at = 0; at < 10; at++) expect((await take([wide, narrow], minuteMs))?.window.limit).toBe(1)
    for (let at = 0; at < 4; at++) expect(await take([wide], minuteMs)).toBeNull()
    expect((await take([wide, narrow], minuteMs))?.window.limit).toBe(5)
  })

  it('are none at all without rules', async () => expect(await take([], minuteMs)).toBeNull())

  it('in several partitions are each counted in their own', async () => {
    const spread = createRateLimitStore(domain.runner, 8)
    const rules = Array.from({ length: 12 }, () => rule('exact', 2, 60_000))
    for (let at = 0; at < 2; at++) expect(await spread.take(rules, `spread-${at}`, minuteMs)).toBeNull()
    expect(await spread.take(rules, 'spread-2', minuteMs)).not.toBeNull()
  })
})

// How often may be asked: never more than the limit in any window, wherever the window begins.
import { describe, expect, it } from 'vitest'
import type { Caller } from '../../../src/domain/caller.ts'
import { cancelVerification } from '../../../src/domain/verification/cancel.ts'
import { checkVerification } from '../../../src/domain/verification/check.ts'
import { startVerification } from '../../../src/domain/verification/start.ts'
import { createDomain, newPhone, refusal, someone } from '../../support/domain.ts'

const domain = await createDomain({ policy: { networkFactor: 1 } })
const minute = 60_000
const hour = 60 * minute

/** A server that names no network, so that only the destination counts. */
const server: Caller = { kind: 'api-key', keyId: 'key_1', scopes: [] }
let networks = 0
const newNetwork = (): Caller => ({ kind: 'anonymous', network: `203.0.113.${networks++}` })

/** Starts and cancels at once, so that the next start is a new one. Null when accepted. */
async function attempt(to: string, caller: Caller) {
  try {
    const { verification } = await domain.start({ to }, caller)
    await cancelVerification(domain.accept, caller, verification.id, { requestId: 'r' })
    return null
  } catch (error) {
    return refusal(Promise.reject(error))
  }
}

describe('one destination', () => {
  it('takes 5 starts in an hour, says which rule refuses and when to come back, and is open again just then', async () => {
    const to = newPhone()
    for (let at = 0; at < 5; at++) {
      expect(await attempt(to, server)).toBeNull()
      domain.clock.advance(10 * minute)
    }
    expect(await attempt(to, server)).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 10 * minute,
      limit: { name: 'destination-hour', limit: 5 },
    })
    domain.clock.advance(10 * minute - 1)
    expect(await attempt(to, server)).toMatchObject({ code: 'rate_limited', retryAfterMs: 1 })
    domain.clock.advance(1)
    expect(await attempt(to, server)).toBeNull()
  })

  it('takes 10 starts in a day, however they are spread', async () => {
    const to = newPhone()
    for (let at = 0; at < 10; at++) {
      expect(await attempt(to, server)).toBeNull()
      domain.clock.advance(2 * hour)
    }
    expect(await attempt(to, server)).toMatchObject({ code: 'rate_limited', retryAfterMs: 4 * hour, limit: { name: 'destination-day' } })
    domain.clock.advance(4 * hour)
    expect(await attempt(to, server)).toBeNull()
  })

  it('never takes more than 5 in any hour and 10 in any day, asked at random for four days', async () => {
    const to = newPhone()
    const accepted: number[] = []
    for (let at = 0; at < 400; at++) {
      domain.clock.advance(Math.floor(Math.random() * 30 * minute))
      if ((await attempt(to, server)) === null) accepted.push(domain.clock.nowMs())
    }
    const mostIn = (windowMs: number) =>
      Math.max(...accepted.map((end) => accepted.filter((ms) => ms > end - windowMs && ms <= end).length))
    expect(mostIn(hour)).toBeLessThanOrEqual(5)
    expect(mostIn(24 * hour)).toBe(10)
  })

  it('takes exactly 5 of 50 at once, from as many networks', async () => {
    const to = newPhone()
    const starts = await Promise.allSettled(Array.from({ length: 50 }, () => domain.start({ to, purpose: 'two_factor' }, newNetwork())))
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
  })
})

describe('one network', () => {
  it('makes 10 starts in ten minutes and 30 in an hour', async () => {
    const caller = newNetwork()
    for (let round = 0; round < 3; round++) {
      for (let at = 0; at < 10; at++) expect(await attempt(newPhone(), caller)).toBeNull()
      if (round === 0)
        expect(await attempt(newPhone(), caller)).toMatchObject({ limit: { name: 'network-10-minutes' }, retryAfterMs: 10 * minute })
      domain.clock.advance(10 * minute)
    }
    expect(await attempt(newPhone(), caller)).toMatchObject({
      code: 'rate_limited',
      limit: { name: 'network-hour' },
      retryAfterMs: 30 * minute,
    })
  })

  it('is not counted for a server that names none, and is for one that names it', async () => {
    const unnamed = await Promise.all(Array.from({ length: 12 }, () => attempt(newPhone(), server)))
    expect(unnamed.every((outcome) => outcome === null)).toBe(true)
    const naming: Caller = { ...server, network: '192.0.2.200' }
    const named = await Promise.all(Array.from({ length: 12 }, () => attempt(newPhone(), naming)))
    expect(named.filter((outcome) => outcome !== null)).toHaveLength(2)
  })

  it('is multiplied in development', async () => {
    const accept = { ...domain.accept, policy: { ...domain.accept.policy, networkFactor: 10 } }
    const caller = newNetwork()
    const start = () =>
      startVerification(accept, caller, { channel: 'sms', to: newPhone(), method: 'code', locale: 'en' }, { requestId: 'r' })
    for (let at = 0; at < 100; at++) await start()
    expect(await refusal(start())).toMatchObject({ limit: { name: 'network-10-minutes', limit: 100 } })
  })
})

describe('a refusal', () => {
  it('by one rule counts against no other', async () => {
    const to = newPhone()
    for (let at = 0; at < 5; at++) await attempt(to, server)
    const caller = newNetwork()
    for (let at = 0; at < 20; at++) expect(await attempt(to, caller)).toMatchObject({ limit: { name: 'destination-hour' } })
    for (let at = 0; at < 10; at++) expect(await attempt(newPhone(), caller)).toBeNull()
  })

  it('does not keep the door shut longer', async () => {
    const to = newPhone()
    for (let at = 0; at < 5; at++) await attempt(to, server)
    for (let at = 0; at < 59; at++) {
      domain.clock.advance(minute)
      expect(await attempt(to, server)).not.toBeNull()
    }
    domain.clock.advance(minute)
    expect(await attempt(to, server)).toBeNull()
  })
})

describe('requests of one caller', () => {
  it('are limited by the minute, at starts and at checks alike', async () => {
    const accept = { ...domain.accept, policy: { ...domain.accept.policy, requestsPerMinute: 6 } }
    const { verification } = await domain.start({}, someone)
    const caller: Caller = { kind: 'user', subject: 'busy', roles: [] }
    const check = () => checkVerification(accept, caller, verification.id, domain.wrongCode(verification.id), { requestId: 'r' })
    for (let at = 0; at < 5; at++) expect((await refusal(check())).code).toBe('incorrect_code')
    expect((await refusal(check())).code).toBe('max_attempts_reached')
    const limited = await refusal(check())
    expect(limited).toMatchObject({ code: 'rate_limited', limit: { name: 'requests', limit: 6 } })
    domain.clock.advance(limited.retryAfterMs ?? 0)
    expect((await refusal(check())).code).toBe('max_attempts_reached')
  })
})

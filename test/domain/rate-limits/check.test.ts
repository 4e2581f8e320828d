// Limits as a service: exact, whoever asks and how many at once.
import { expect, it } from 'vitest'
import { checkRateLimit } from '../../../src/domain/rate-limits/check.ts'
import { createSessions, server, user } from '../../support/sessions.ts'

const deps = await createSessions({ partitions: 4 })
const admin = user('root', {}, { roles: ['admin'] })

it('of a thousand uses at once exactly as many are allowed as the limit says', async () => {
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, n) => checkRateLimit(deps, n % 2 ? server : admin, { key: 'k1', limit: 37, window: 60 })),
  )
  expect(answers.filter(({ allowed }) => allowed)).toHaveLength(37)
  expect(
    answers
      .filter(({ allowed }) => allowed)
      .map(({ remaining }) => remaining)
      .toSorted((a, b) => a - b),
  ).toEqual(Array.from({ length: 37 }, (_, n) => n))
})

it('a use is free again once it has left the window, not before: no window holds too many', async () => {
  const use = () => checkRateLimit(deps, server, { key: 'k2', limit: 2, window: 10 })
  const startedAtMs = deps.clock.nowMs()
  expect(await use()).toEqual({ allowed: true, remaining: 1, resetAt: new Date(startedAtMs + 10_000).toISOString() })
  deps.clock.advance(6_000)
  expect((await use()).allowed).toBe(true)
  deps.clock.advance(3_999)
  expect(await use()).toEqual({ allowed: false, remaining: 0, resetAt: new Date(startedAtMs + 10_000).toISOString() })
  deps.clock.advance(1)
  expect((await use()).allowed).toBe(true)
  expect((await use()).allowed).toBe(false)
})

it('each user has keys of its own', async () => {
  const use = (subject: string) => checkRateLimit(deps, user(subject), { key: 'k3', limit: 1, window: 10 })
  expect([await use('ann'), await use('ann'), await use('ben')].map(({ allowed }) => allowed)).toEqual([true, false, true])
})

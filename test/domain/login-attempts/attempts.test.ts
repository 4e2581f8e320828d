// Failed sign-ins: who is slowed down by whom, and for how long.
import { describe, expect, it } from 'vitest'
import type { Caller } from '../../../src/domain/caller.ts'
import { readLoginStanding, recordLoginAttempt } from '../../../src/domain/login-attempts/attempts.ts'
import { HOUR_MS, SECOND_MS } from '../../../src/lib/durations.ts'
import { refusal } from '../../support/domain.ts'
import { context, createSessions, server, user } from '../../support/sessions.ts'

const deps = await createSessions({ partitions: 4 })
const device = 'a-cookie-of-the-browser'
let drawn = 0
const newName = (): string => `person-${drawn++}@example.com`
const newNetwork = (): string => `198.51.${Math.floor(drawn / 250)}.${(drawn++ % 250) + 1}`
const from = (network?: string): Caller => ({ ...server, ...(network === undefined ? {} : { network }) })
const tell = (identifier: string, outcome: 'success' | 'failure', network?: string, more: { device?: string } = {}) =>
  recordLoginAttempt(deps, from(network), { identifier, outcome, ...more }, context)
const ask = (identifier: string, network?: string, device?: string) => readLoginStanding(deps, from(network), identifier, device)
const fail = async (identifier: string, times: number, networks: () => string | undefined = newNetwork): Promise<void> => {
  for (let i = 0; i < times; i++) await tell(identifier, 'failure', networks())
}

describe('a person', () => {
  it('has five failures an hour free; then tries wait, longer each time, fifteen minutes at most', async () => {
    const name = newName()
    await fail(name, 4)
    expect(await ask(name)).toEqual({ allowed: true, retryAfter: 0, failures: 4 })
    expect(await tell(name, 'failure', newNetwork())).toEqual({ allowed: false, retryAfter: 5, failures: 5 })
    const waits: number[] = []
    for (let i = 0; i < 9; i++) waits.push((await tell(name, 'failure', newNetwork())).retryAfter)
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 640, 900, 900])
    deps.clock.advance(900 * SECOND_MS)
    expect(await ask(name)).toMatchObject({ allowed: true, failures: 14 })
    deps.clock.advance(HOUR_MS)
    expect(await ask(name)).toEqual({ allowed: true, retryAfter: 0, failures: 0 })
  })

  it('is one person however the name is typed', async () => {
    const name = newName()
    await fail(name, 3)
    expect(await ask(`  ${name.toUpperCase()} `)).toMatchObject({ failures: 3 })
  })

  it('cannot be shut out by strangers: from a known network or device only own failures count', async () => {
    const [name, home, cafe] = [newName(), newNetwork(), newNetwork()]
    await tell(name, 'success', home)
    await tell(name, 'success', cafe, { device })
    await fail(name, 50)
    expect(await ask(name, newNetwork())).toMatchObject({ allowed: false, retryAfter: 900 })
    expect(await ask(name, home)).toEqual({ allowed: true, retryAfter: 0, failures: 0 })
    expect(await ask(name, newNetwork(), device)).toEqual({ allowed: true, retryAfter: 0, failures: 0 })
    // Somebody at home who guesses is slowed down there, and nowhere else.
    await fail(name, 5, () => home)
    expect((await ask(name, home)).allowed).toBe(false)
    expect((await ask(name, cafe)).allowed).toBe(true)
    await tell(name, 'success', home)
    expect(await ask(name, home)).toMatchObject({ allowed: true, failures: 0 })
  })

  it('is known from a place for ninety days', async () => {
    const [name, home] = [newName(), newNetwork()]
    await tell(name, 'success', home)
    deps.clock.advance(90 * 24 * HOUR_MS)
    await fail(name, 5)
    expect((await ask(name, home)).allowed).toBe(false)
  })

  it('whose service tells no networks begins anew with each success', async () => {
    const name = newName()
    await fail(name, 6, () => undefined)
    expect((await ask(name)).allowed).toBe(false)
    expect(await tell(name, 'success')).toEqual({ allowed: true, retryAfter: 0, failures: 0 })
  })

  it('is counted exactly when many fail at once', async () => {
    const name = newName()
    await Promise.all(Array.from({ length: 100 }, () => tell(name, 'failure', newNetwork())))
    expect((await ask(name)).failures).toBe(100)
  })
})

describe('a network', () => {
  it('that tries many names is slowed down, a minute at most, and no success of its own makes up for it', async () => {
    const network = newNetwork()
    for (let i = 0; i < 20; i++) {
      await tell(newName(), 'failure', network)
      await tell('the-attackers-own@example.com', 'success', network)
    }
    expect(await ask(newName(), network)).toMatchObject({ allowed: false, retryAfter: 60, failures: 20 })
    expect((await ask(newName(), newNetwork())).allowed).toBe(true)
  })

  it('does not slow down those who are known there', async () => {
    const [network, name] = [newNetwork(), newName()]
    await tell(name, 'success', network)
    for (let i = 0; i < 20; i++) await tell(newName(), 'failure', network)
    expect((await ask(name, network)).allowed).toBe(true)
  })
})

it('users speak of themselves only', async () => {
  const own = user('zoe', {}, { email: 'zoe@example.com' })
  expect(await readLoginStanding(deps, own, 'Zoe@example.com')).toMatchObject({ allowed: true })
  expect((await refusal(readLoginStanding(deps, own, 'someone@example.com'))).code).toBe('not_found')
  expect((await refusal(recordLoginAttempt(deps, own, { identifier: 'someone', outcome: 'failure' }, context))).code).toBe('not_found')
})

it('each attempt is an event without a name in it, and a burst is told at 5, 10, 20 …', async () => {
  const name = newName()
  await fail(name, 21)
  await tell(name, 'success', newNetwork())
  const all = await deps.events()
  expect(JSON.stringify(all)).not.toContain('example.com')
  const subject = `login:${deps.keyring.fingerprint('login', name)}`
  const mine = all.filter((event) => event['subject'] === subject)
  expect(mine.filter(({ type }) => type === 'login.failed')).toHaveLength(21)
  expect(mine.filter(({ type }) => type === 'session.unusual_activity').map(({ data = '' }) => JSON.parse(data).failures)).toEqual([
    '5',
    '10',
    '20',
  ])
  expect(mine.map(({ sequence }) => Number(sequence))).toEqual(mine.map((_, at) => at + 1))
  expect(deps.told).toContain('unusual failure_burst')
})

// A worker killed in the middle of 200 sends: everything ends, and nobody gets a second, different code.
import { beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/infra.ts'
import { codeIn, startSystem, type System } from '../support/system.ts'

const sends = 200
const promisedMs = 25_000

describe('a worker killed while 200 sends run', () => {
  let system: System
  beforeAll(async () => {
    system = await startSystem({ workers: 2 })
  })

  it('leaves every verification sent, delivered or failed within 25 s, and no second different code', { timeout: 90_000 }, async () => {
    // A provider that takes its time, so that the kill finds sends on the way.
    system.standins.twilio.setMode({ kind: 'slow', delayMs: 1_500 })
    const numbers = Array.from({ length: sends }, (_, at) => `+1415556${String(1_000 + at)}`)
    const server = await system.as({ sub: 'shop', roles: ['system'] })
    const started = await Promise.all(numbers.map((to) => system.call('POST', '/v1/verifications', { channel: 'sms', to }, server)))
    expect(started.every(({ status }) => status === 202)).toBe(true)
    await until(() => system.standins.outbox.list().length > 20, { timeoutMs: 20_000 })
    await system.workers[0]?.kill()
    const killedAtMs = Date.now()
    await until(
      async () => {
        const states = await Promise.all(started.map(({ body }) => system.call('GET', `/v1/verifications/${body['id']}`)))
        return states.every(({ body }) => ['sent', 'delivered', 'failed'].includes(String(body['status'])))
      },
      { timeoutMs: promisedMs },
    )
    expect(Date.now() - killedAtMs).toBeLessThan(promisedMs)
    const codes = new Map<string, Set<string>>()
    for (const { to, text } of system.standins.outbox.list()) codes.set(to, (codes.get(to) ?? new Set()).add(codeIn(text)))
    expect(codes.size).toBe(sends)
    expect([...codes.values()].every((different) => different.size === 1)).toBe(true)
  })
})

// Redis goes away and comes back: nothing hangs, nothing accepted is lost, nobody restarts anything.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFreePort } from '../../src/lib/ports.ts'
import { startRedis, type EmbeddedRedis } from '../../src/standins/redis.ts'
import { until } from '../support/infra.ts'
import { codeIn, startSystem, type Answer, type System } from '../support/system.ts'

const password = 'only-for-this-test'
/** A second by contract; the rest is this test's own two cores. */
const promptMs = 1_000

describe('Redis', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-redis-'))
  let port: number
  let redis: EmbeddedRedis | undefined
  let system: System

  const startIt = async (): Promise<EmbeddedRedis> => (redis = await startRedis({ dataDir, port, password }))
  beforeAll(async () => {
    port = await findFreePort()
    system = await startSystem({ redisUrl: `redis://:${password}@127.0.0.1:${port}`, workers: 0 })
  })
  afterAll(async () => {
    await redis?.kill()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const start = (to: string): Promise<Answer> => system.call('POST', '/v1/verifications', { channel: 'sms', to })
  const timed = async (work: () => Promise<Answer>): Promise<{ answer: Answer; ms: number }> => {
    const startedAt = performance.now()
    const answer = await work()
    return { answer, ms: performance.now() - startedAt }
  }

  it('away at boot: 503 in under a second, and everything works once it is there', { timeout: 60_000 }, async () => {
    const first = await timed(() => start('+14155550301'))
    expect(first.answer).toMatchObject({ status: 503, body: { code: 'service_degraded', retryable: true } })
    expect(Number(first.answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(first.ms).toBeLessThan(promptMs)
    expect((await system.call('GET', '/healthz')).status).toBe(200)
    expect((await system.call('GET', '/readyz')).status).toBe(503)
    await system.startWorker()
    await startIt()
    const { body } = await until(async () => {
      const answer = await start('+14155550302')
      return answer.status === 202 ? answer : undefined
    })
    const code = codeIn((await system.message('+14155550302')).text)
    expect((await system.call('POST', `/v1/verifications/${body['id']}/check`, { code })).status).toBe(200)
    expect((await system.call('GET', '/readyz')).status).toBe(200)
  })

  it('frozen: 503 in under a second from every call, and all is well after the thaw', { timeout: 60_000 }, async () => {
    const { body } = await start('+14155550303')
    const path = `/v1/verifications/${body['id']}`
    process.kill(redis?.pid ?? 0, 'SIGSTOP')
    try {
      const calls = await Promise.all([
        timed(() => start('+14155550304')),
        timed(() => system.call('GET', path)),
        timed(() => system.call('GET', path, undefined, { prefer: 'wait=30', 'if-none-match': '"1"' })),
        timed(() => system.call('POST', `${path}/check`, { code: '123456' })),
        timed(() => system.call('POST', `${path}/resend`, {})),
        timed(() => system.call('POST', `${path}/cancel`)),
        timed(() => system.call('GET', '/readyz')),
      ])
      expect(calls.map(({ answer }) => answer.status)).toEqual(calls.map(() => 503))
      expect(calls.filter(({ ms }) => ms > promptMs)).toEqual([])
    } finally {
      process.kill(redis?.pid ?? 0, 'SIGCONT')
    }
    await until(async () => (await system.call('GET', path)).status === 200)
    // Whoever was told 503 gets no message after all, and what was answered 503 was not counted.
    const later = await start('+14155550304')
    expect(later.status).toBe(202)
    await system.message('+14155550304')
    expect(system.standins.outbox.list('+14155550304')).toHaveLength(1)
    expect((await system.call('GET', path)).body).toMatchObject({ attemptsRemaining: 5, sendsRemaining: 4 })
  })

  it('killed under load: prompt 503s, and whatever was accepted is sent', { timeout: 90_000 }, async () => {
    const server = await system.as({ sub: 'shop', roles: ['system'] })
    const accepted: string[] = []
    const slow: number[] = []
    let refused = 0
    let isOver = false
    const client = async (lane: number): Promise<void> => {
      for (let at = 0; !isOver; at++) {
        const { answer, ms } = await timed(() =>
          system.call('POST', '/v1/verifications', { channel: 'sms', to: `+1415557${lane}${String(at).padStart(3, '0')}` }, server),
        )
        if (answer.status === 202) accepted.push(String(answer.body['id']))
        else {
          expect(answer).toMatchObject({ status: 503, body: { code: 'service_degraded' } })
          refused++
          if (ms > promptMs) slow.push(ms)
        }
        if (at >= 999) return
      }
    }
    const lanes = Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(client))
    await until(() => accepted.length > 100)
    await redis?.kill()
    await until(() => refused > 50)
    const before = accepted.length
    await startIt()
    await until(() => accepted.length > before + 50, { timeoutMs: 20_000 })
    isOver = true
    await lanes
    expect(slow).toEqual([])
    await until(
      async () => {
        const states = await Promise.all(accepted.map((id) => system.call('GET', `/v1/verifications/${id}`)))
        return states.every(({ status, body }) => status === 200 && ['sent', 'delivered'].includes(String(body['status'])))
      },
      { timeoutMs: 40_000 },
    )
  })
})

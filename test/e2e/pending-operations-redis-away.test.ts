// Pending operations while Redis is away: who may go on, with what, how soon the others are told, and what is said of single use.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFreePort } from '../../src/lib/ports.ts'
import { startRedis, type EmbeddedRedis } from '../../src/standins/redis.ts'
import { until } from '../support/infra.ts'
import { startSystem, type Answer, type System } from '../support/system.ts'

const path = '/v1/pending-operations'
const promptMs = 1_000

describe('while Redis is away', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-redis-'))
  let redis: EmbeddedRedis
  let system: System
  let key: Record<string, string>
  let alice: Record<string, string>
  const slow: string[] = []

  beforeAll(async () => {
    redis = await startRedis({ dataDir, port: await findFreePort(), password: 'only-for-this-test' })
    system = await startSystem({ redisUrl: redis.url, workers: 0, env: { RATE_LIMIT_PER_MINUTE: '100000' } })
    await until(async () => (await system.call('GET', '/readyz')).status === 200)
    const made = await system.call(
      'POST',
      '/v1/api-keys',
      { name: 'test', scopes: ['pending_operations'] },
      await system.as({ sub: 'root', roles: ['admin'] }),
    )
    key = { authorization: `Bearer ${String(made.body['key'])}` }
    alice = await system.as({ sub: 'alice' })
    await until(async () => (await system.call('GET', path, undefined, key)).status === 200)
  })
  afterAll(async () => {
    await redis.kill()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const post = async (to: string, body: unknown, as: Record<string, string>, more: Record<string, string> = {}): Promise<Answer> => {
    const startedAt = performance.now()
    const answer = await system.call('POST', `${path}${to}`, body, { ...as, ...more })
    const ms = performance.now() - startedAt
    if (ms > promptMs) slow.push(`${to} took ${ms} ms`)
    return answer
  }
  const begin = (backend: string, as = key): Promise<Answer> => post('', { operationType: 'x', data: { a: 1 }, backend }, as)
  const degraded = { status: 503, body: { code: 'service_degraded', retryable: true } }

  it('an API key goes on with tokens that hold their data, everybody else is told at once', { timeout: 60_000 }, async () => {
    const before = { jwt: (await begin('jwt')).body, redis: (await begin('redis')).body }
    expect(before.jwt['singleUse']).toBe(true)
    process.kill(redis.pid, 'SIGSTOP')
    try {
      expect(await begin('redis')).toMatchObject(degraded)
      expect(await begin('jwt')).toMatchObject({ status: 201, body: { backend: 'jwt', singleUse: false } })
      const auto = await begin('auto')
      expect(auto).toMatchObject({ status: 201, body: { backend: 'jwt', singleUse: false } })
      expect(await post('', { operationType: 'x', data: {}, backend: 'auto' }, key, { 'idempotency-key': 'away' })).toMatchObject({
        status: 201,
      })
      for (const backend of ['redis', 'jwt', 'auto']) expect(await begin(backend, alice)).toMatchObject(degraded)
      const consume = { token: before.jwt['token'], operationType: 'x' }
      expect(await post('/lookup', { token: before.jwt['token'] }, key)).toMatchObject({ status: 200, body: { status: 'active' } })
      expect(await post('/consume', consume, alice)).toMatchObject(degraded)
      expect(await post('/consume', consume, key)).toMatchObject({ status: 200, body: { data: { a: 1 }, singleUse: false } })
      expect(await post('/consume', { token: before.redis['token'], operationType: 'x' }, key)).toMatchObject(degraded)
      expect(await post('/consume', { ...consume, operationType: 'y' }, key)).toMatchObject({ status: 409 })
      for (const [method, to] of [
        ['GET', ''],
        ['GET', '/stats'],
        ['GET', '/export'],
        ['GET', `/${before.redis['id']}`],
        ['DELETE', `/${before.redis['id']}`],
      ] as const) {
        const startedAt = performance.now()
        expect(await system.call(method, `${path}${to}`, undefined, key)).toMatchObject(degraded)
        if (performance.now() - startedAt > promptMs) slow.push(`${method} ${to}`)
      }
    } finally {
      process.kill(redis.pid, 'SIGCONT')
    }
    await until(async () => (await begin('redis')).status === 201)
    const token = (await begin('jwt')).body['token']
    expect(await post('/consume', { token, operationType: 'x' }, alice)).toMatchObject({ status: 200, body: { singleUse: true } })
    expect(await post('/consume', { token, operationType: 'x' }, key)).toMatchObject({ status: 410, body: { code: 'token_used' } })
    expect(slow).toEqual([])
  })

  it('the same holds when it is gone altogether', { timeout: 60_000 }, async () => {
    await redis.kill()
    expect(await begin('auto')).toMatchObject({ status: 201, body: { backend: 'jwt', singleUse: false } })
    expect(await begin('redis')).toMatchObject(degraded)
    expect(await begin('auto', alice)).toMatchObject(degraded)
    expect(slow).toEqual([])
  })
})

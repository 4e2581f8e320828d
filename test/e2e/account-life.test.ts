// What stands around an account, over HTTP with real processes: session UUIDs, sign-in attempts, limits as a service, activity, the console's cookie.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFreePort } from '../../src/lib/ports.ts'
import { startRedis, type EmbeddedRedis } from '../../src/standins/redis.ts'
import { until } from '../support/infra.ts'
import { startSystem, type Answer, type System } from '../support/system.ts'

describe('over HTTP', () => {
  let system: System
  let [one, other] = ['', '']
  let server: Record<string, string>
  beforeAll(async () => {
    system = await startSystem({ apis: 2, env: { TRUST_PROXY: 'loopback' } })
    ;[one = '', other = ''] = system.urls
    server = await system.as({ sub: 'backend', roles: ['system'] })
  })
  const from = (ip: string, cookie?: string): Record<string, string> => ({ 'x-forwarded-for': ip, ...(cookie ? { cookie } : {}) })
  const cookieOf = (answer: Answer): string => (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''

  describe('a session UUID', () => {
    const generate = (headers: Record<string, string>, base = one): Promise<Answer> =>
      system.call('POST', '/api/session/generate-uuid', undefined, headers, base)
    const validate = (uuid: unknown, headers: Record<string, string>, base = other): Promise<Answer> =>
      system.call('POST', '/api/session/validate-uuid', { uuid }, headers, base)

    it('is reserved for the browser, known to every process, and in Postgres soon', async () => {
      const made = await generate(from('192.0.2.1'))
      expect(made.status).toBe(200)
      expect(made.body).toEqual({ uuid: expect.stringMatching(/^[0-9a-f-]{36}$/), expiresAt: expect.any(String) })
      const cookie = cookieOf(made)
      expect(cookie).toMatch(/^sallyport_binding=/)
      expect((await validate(made.body['uuid'], from('192.0.2.9', cookie))).body).toMatchObject({ valid: true, uuid: made.body['uuid'] })
      // A client that keeps no cookies, from the same address.
      expect((await validate(made.body['uuid'], from('192.0.2.1'))).body['valid']).toBe(true)
      const foreign = await validate(made.body['uuid'], from('192.0.2.2'))
      expect(foreign.body).toMatchObject({ valid: false, replaced: expect.any(String) })
      const database = new Client({ connectionString: system.env['DATABASE_URL'] })
      await database.connect()
      await until(async () => (await database.query('select 1 from user_sessions where uuid = $1', [made.body['uuid']])).rowCount === 1)
      await database.end()
    })

    it('is given ten times a minute to one address, whichever process it asks', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => generate(from('192.0.2.3'), n % 2 ? one : other)))
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(10)
      const refused = answers.find(({ status }) => status === 429)
      expect(refused?.body).toMatchObject({ code: 'rate_limited', retryable: true })
      expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(new Set(answers.flatMap(({ body }) => (body['uuid'] ? [body['uuid']] : []))).size).toBe(10)
    })

    it('needs a body that is one', async () => {
      expect((await validate(undefined, from('192.0.2.4'))).status).toBe(400)
      expect((await validate('x', from('192.0.2.4'))).body).toEqual({ valid: false, uuid: 'x' })
    })
  })

  it('sign-in attempts slow further ones down, in every process', async () => {
    const tell = (n: number): Promise<Answer> =>
      system.call(
        'POST',
        '/v1/login-attempts',
        { identifier: 'ada@example.com', outcome: 'failure' },
        { ...server, 'x-client-ip': `198.51.100.${n}` },
        n % 2 ? one : other,
      )
    const answers: Answer[] = []
    for (let n = 1; n <= 6; n++) answers.push(await tell(n))
    expect(answers.map(({ body }) => body['failures'])).toEqual([1, 2, 3, 4, 5, 6])
    expect(answers[3]?.body).toEqual({ allowed: true, retryAfter: 0, failures: 4 })
    expect(answers[5]?.body).toEqual({ allowed: false, retryAfter: 10, failures: 6 })
    const standing = await system.call('GET', `/v1/login-attempts/${encodeURIComponent('ADA@example.com')}`, undefined, server, other)
    expect(standing.body).toMatchObject({ allowed: false, failures: 6 })
    const stranger = await system.as({ sub: 'eve' })
    expect((await system.call('GET', '/v1/login-attempts/ada@example.com', undefined, stranger)).status).toBe(404)
    expect((await system.call('POST', '/v1/login-attempts', { identifier: 'ada' }, server)).body).toMatchObject({
      errors: [{ pointer: '/outcome' }],
    })
  })

  it('a limit is exact over all processes', async () => {
    const use = (n: number): Promise<Answer> =>
      system.call('POST', '/v1/rate-limits/check', { key: 'exports', limit: 25, window: '1m' }, server, n % 2 ? one : other)
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => use(n)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(answers.filter(({ body }) => body['allowed'] === true)).toHaveLength(25)
    expect((await system.call('POST', '/v1/rate-limits/check', { key: 'k', limit: 0, window: 60 }, server)).status).toBe(400)
  })

  it('activity is written, read and counted', async () => {
    const ann = await system.as({ sub: 'ann' })
    const made = await system.call(
      'POST',
      '/v1/activity',
      { activity: 'report.exported', metadata: { pages: 3 } },
      { ...ann, 'idempotency-key': 'a1' },
    )
    expect(made).toMatchObject({
      status: 201,
      body: { id: expect.stringMatching(/^act_/), activity: 'report.exported', metadata: { pages: 3 } },
    })
    const again = await system.call(
      'POST',
      '/v1/activity',
      { activity: 'report.exported', metadata: { pages: 3 } },
      { ...ann, 'idempotency-key': 'a1' },
      other,
    )
    expect([again.body['id'], again.headers.get('idempotent-replayed')]).toEqual([made.body['id'], 'true'])
    const entries = [{ activity: 'page.viewed' }, { activity: 'page.left' }]
    expect((await system.call('POST', '/v1/activity/batch', { entries }, ann)).status).toBe(201)
    const page = await system.call('GET', '/v1/activity?first=2', undefined, ann, other)
    expect(page.body).toMatchObject({
      totalCount: 3,
      nodes: [{ activity: 'page.left' }, { activity: 'page.viewed' }],
      pageInfo: { hasNextPage: true },
    })
    const admin = await system.as({ sub: 'root', roles: ['admin'] })
    expect((await system.call('GET', '/v1/activity?userId=ann', undefined, admin)).body['totalCount']).toBe(3)
    expect((await system.call('GET', '/v1/activity?userId=ann', undefined, await system.as({ sub: 'eve' }))).status).toBe(404)
    expect((await system.call('GET', '/v1/activity/stats', undefined, ann)).status).toBe(403)
    const stats = await system.call('GET', '/v1/activity/stats', undefined, admin)
    expect((stats.body['days'] as unknown[])[0]).toMatchObject({ entries: 3, users: 1, byActivity: { 'page.viewed': 1 } })
  })

  it('the console’s cookie ends with the token by which it was got', async () => {
    const admin = await system.as({ sub: 'chief', roles: ['admin'] })
    const credential = admin['authorization']?.slice('Bearer '.length) ?? ''
    const form = new URLSearchParams({ credential, next: '/admin/queues' }).toString()
    const signedIn = await system.call('POST', '/sign-in', form, { 'content-type': 'application/x-www-form-urlencoded' })
    expect(signedIn.status).toBe(303)
    const cookie = cookieOf(signedIn)
    const board = (): Promise<Answer> => system.call('GET', '/admin/queues', undefined, { cookie }, other)
    expect((await board()).status).toBe(200)
    await system.call('POST', '/v1/tokens/revoke', { token: credential }, admin, one)
    expect((await board()).status).toBe(401)
  })

  it('the measures tell of it', async () => {
    const admin = await system.as({ sub: 'root', roles: ['admin'] })
    const { text } = await system.call('GET', '/metrics', undefined, admin)
    for (const name of [
      'sallyport_token_checks_total',
      'sallyport_login_attempts_total',
      'sallyport_cache_reads_total',
      'sallyport_sessions_active',
      'sallyport_unusual_activity_total',
    ])
      expect(text).toContain(name)
  })
})

describe('while Redis is away', () => {
  const password = 'only-for-this-test'
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-redis-'))
  let redis: EmbeddedRedis | undefined
  afterAll(async () => {
    await redis?.kill()
    rmSync(dataDir, { recursive: true, force: true })
  })

  it(
    'JWTs answer 503 within a second, since nobody can say whether they were revoked; all is well after',
    { timeout: 60_000 },
    async () => {
      const port = await findFreePort()
      redis = await startRedis({ dataDir, port, password })
      const system = await startSystem({ redisUrl: `redis://:${password}@127.0.0.1:${port}`, workers: 0 })
      const who = await system.as({ sub: 'ada' })
      expect((await system.call('GET', '/v1/sessions', undefined, who)).status).toBe(200)
      process.kill(redis.pid, 'SIGSTOP')
      const startedAt = performance.now()
      const answers = await Promise.all([
        system.call('GET', '/v1/sessions', undefined, who),
        system.call('POST', '/v1/tokens/revoke', { token: 'x.y.z' }, who),
        system.call('POST', '/graphql', { query: '{ __typename }' }, who),
        system.call('POST', '/api/session/generate-uuid'),
      ])
      const tookMs = performance.now() - startedAt
      process.kill(redis.pid, 'SIGCONT')
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503])
      expect(answers[0]?.body).toMatchObject({ code: 'service_degraded', retryable: true })
      expect(tookMs).toBeLessThan(1_000)
      await until(async () => (await system.call('GET', '/v1/sessions', undefined, who)).status === 200)
    },
  )
})

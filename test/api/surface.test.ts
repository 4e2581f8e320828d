import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRoutes } from '../../src/api/app.ts'
import type { NewVerification } from '../../src/domain/ports.ts'
import { createVerificationId } from '../../src/domain/verification/id.ts'
import { adminKey, createToken, startApi, type Harness } from './harness.ts'

let api: Harness
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.close())

/** Sends a request line that fetch would tidy up. */
function sendRaw(
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>()
  const { hostname, port } = new URL(api.url)
  const req = request({ hostname, port, path, method: options.method ?? 'GET', headers: options.headers ?? {}, agent: false }, (res) => {
    let body = ''
    res
      .setEncoding('utf8')
      .on('data', (part: string) => (body += part))
      .on('end', () => resolve({ status: res.statusCode ?? 0, body }))
  })
  req.on('error', reject).end()
  return promise
}

describe('every answer', () => {
  it('echoes a decent request id and replaces an indecent one', async () => {
    const kept = await api.fetch('/healthz', { headers: { 'x-request-id': 'abc.DEF-1_2' } })
    expect(kept.headers.get('x-request-id')).toBe('abc.DEF-1_2')
    const replaced = await api.fetch('/healthz', { headers: { 'x-request-id': 'with blanks' } })
    expect(replaced.headers.get('x-request-id')).toMatch(/^req_[\w-]{22}$/)
  })

  it('carries the security headers and not the name of the framework', async () => {
    const { headers } = await api.fetch('/healthz')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('strict-transport-security')).toBeNull()
    expect(headers.get('x-powered-by')).toBeNull()
    expect(headers.get('etag')).toBeNull()
  })

  it('is logged with the route template and never with the path', async () => {
    api.logLines.length = 0
    await (await api.fetch('/v/secret-token-in-the-path?and=query')).text()
    await expect.poll(() => api.logLines.length).toBeGreaterThan(0)
    expect(api.logLines.join('')).toContain('"route":"/v/{token}"')
    expect(api.logLines.join('')).not.toContain('secret-token')
  })
})

describe('addresses', () => {
  it('that nobody knows are a 404 problem', async () => {
    const answer = await api.fetch('/v1/nothing')
    expect(answer.status).toBe(404)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    const problem = (await answer.clone().json()) as { detail?: string }
    expect(problem.detail).toMatch(/\.$/)
    expect(await answer.json()).toMatchObject({
      type: 'urn:sallyport:problem:not_found',
      code: 'not_found',
      instance: answer.headers.get('x-request-id'),
    })
  })

  it('that do not take a method say which they take', async () => {
    const answer = await api.fetch('/v1/verifications', { method: 'DELETE' })
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('POST, OPTIONS')
    expect((await api.fetch('/healthz', { method: 'OPTIONS' })).headers.get('allow')).toBe('GET, HEAD, OPTIONS')
  })

  it.each(['/v1/verifications/%zz', '/%ff', '/v/%c3%28'])('that cannot be decoded are a 400 problem: %s', async (path) => {
    const answer = await sendRaw(path)
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'invalid_request' })
  })

  it('answer HEAD like GET, without a body', async () => {
    const answer = await api.fetch('/healthz', { method: 'HEAD' })
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('')
  })

  it('with a text that is no id are a verification that does not exist', async () => {
    const answer = await api.fetch('/v1/verifications/ver_nonsense')
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ code: 'verification_not_found' })
  })
})

describe('bodies', () => {
  const good = { channel: 'sms', to: '+14155552671' }

  it('are refused field by field', async () => {
    const answer = await api.post('/v1/verifications', { channel: 'pigeon', to: 7, 'a/b~c': 1, metadata: { deep: { er: 1 } } })
    expect(answer.status).toBe(400)
    const { errors } = (await answer.json()) as { errors: { pointer: string }[] }
    expect(errors.map((fault) => fault.pointer).toSorted()).toEqual(['/a~1b~0c', '/channel', '/metadata/deep', '/to'])
  })

  it.each([
    ['{"channel":', ''],
    ['[]', ''],
    ['"text"', ''],
    ['', ''],
    ['{"channel":"sms","to":"+14155552671","__proto__":{"method":"link"}}', '/__proto__'],
    ['{"channel":"sms","to":"+14155552671","\\u005f_proto__":1}', '/__proto__'],
  ])('that make no sense are a 400 with a pointer: %s', async (body, pointer) => {
    const answer = await api.fetch('/v1/verifications', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ code: 'invalid_request', errors: [{ pointer }] })
  })

  it('are refused in plain sentences, one for a field', async () => {
    const metadata = { deep: {}, ['k'.repeat(65)]: 1 }
    const answer = await api.post('/v1/verifications', {
      channel: 'pigeon',
      to: 7,
      name: 'a1.bc<',
      metadata,
      fallback: ['sms', 'sms', 'sms', 'sms'],
    })
    const { detail, errors } = (await answer.json()) as { detail: string; errors: { pointer: string; message: string }[] }
    expect(detail).toMatch(/^\/\w+ .*\.$/)
    expect(errors).toEqual([
      { pointer: '/channel', message: 'must be one of sms, whatsapp, voice, email' },
      { pointer: '/to', message: 'must be text' },
      { pointer: '/name', message: "may hold letters, blanks and . , ' - only" },
      { pointer: '/fallback', message: 'must have at most 3 entries' },
      { pointer: '/metadata/deep', message: 'must be text or a number or true or false or null' },
      { pointer: `/metadata/${'k'.repeat(65)}`, message: 'is not a name that is allowed here' },
    ])
    expect(await (await api.post('/v1/verifications', {})).json()).toMatchObject({
      errors: [
        { pointer: '/channel', message: 'is required' },
        { pointer: '/to', message: 'is required' },
      ],
    })
  })

  it('with half a character or U+0000 are refused, in values, names and forms', async () => {
    const refused = async (body: string) => {
      const answer = await api.fetch('/v1/verifications', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      expect(answer.status).toBe(400)
      return ((await answer.json()) as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer)
    }
    expect(await refused('{"channel":"sms","to":"+14155552671","userId":"a\\ud800"}')).toEqual(['/userId'])
    expect(await refused('{"channel":"sms","to":"+14155552671","metadata":{"a":"b\\u0000"}}')).toEqual(['/metadata/a'])
    expect(await refused('{"channel":"sms","to":"+14155552671","metadata":{"\\udc00":1}}')).toEqual(['/metadata'])
    const form = await api.fetch('/v1/callbacks/twilio/status', { method: 'POST', body: new URLSearchParams({ MessageStatus: 'x\0' }) })
    expect(form.status).toBe(400)
  })

  it.each(['/v1/verifications/ver_x/cancel', '/v1/forms/f/complete', '/v1/onboarding/x/complete'])(
    'that a call needs none of may be left out, and hold nothing: %s',
    async (path) => {
      const status = async (init: RequestInit): Promise<number> => (await api.fetch(path, { method: 'POST', ...init })).status
      const json = { 'content-type': 'application/json' }
      expect(await status({ headers: json, body: '{"a":1}' })).toBe(400)
      expect(await status({ headers: json, body: '{' })).toBe(400)
      expect(await status({ headers: { 'content-type': 'text/plain' }, body: 'x' })).toBe(415)
      expect(await status({ headers: json, body: `{"a":"${'x'.repeat(110_000)}"}` })).toBe(413)
    },
  )

  it('are declared by every route that takes changes', () => {
    const changing = createRoutes(api.deps).filter(({ method }) => method === 'post' || method === 'put' || method === 'patch')
    expect(changing.filter((route) => !route.body && !route.reads).map(({ method, path }) => `${method} ${path}`)).toEqual([])
  })

  it('nested without end are refused, not recursed into', async () => {
    const body = `{"metadata":${'['.repeat(45_000)}${']'.repeat(45_000)}}`
    const answer = await api.fetch('/v1/verifications', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    expect(answer.status).toBe(400)
  })

  it('of another type or charset are 415', async () => {
    const post = (type: string) =>
      api.fetch('/v1/verifications', { method: 'POST', headers: { 'content-type': type }, body: JSON.stringify(good) })
    expect((await post('text/plain')).status).toBe(415)
    expect((await post('application/json; charset=utf-16')).status).toBe(415)
    expect((await post('application/json; charset="UTF-8"')).status).toBe(202)
  })

  it('over 100 kB are 413', async () => {
    const answer = await api.post('/v1/verifications', { ...good, name: 'x'.repeat(110_000) })
    expect(answer.status).toBe(413)
    expect(await answer.json()).toMatchObject({ code: 'too_large' })
  })
})

describe('a start', () => {
  it('is 202 with its address, and binds an anonymous browser from that request on', async () => {
    api.calls.length = 0
    const answer = await api.post('/v1/verifications', { channel: 'sms', to: '+14155552671' })
    expect(answer.status).toBe(202)
    const { id } = (await answer.json()) as { id: string }
    expect(answer.headers.get('location')).toBe(`/v1/verifications/${id}`)
    expect(answer.headers.get('set-cookie')).toMatch(/^sallyport_binding=[\w-]{32}; Max-Age=86400; Path=\/; .*HttpOnly; SameSite=Lax$/)
    const binding = /sallyport_binding=([\w-]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1] ?? ''
    const start = api.calls.find((call) => call.name === 'start')
    expect(start?.input).toMatchObject({ record: { binding: api.deps.keyring.fingerprint('binding', binding) } })
    const again = await api.post(
      '/v1/verifications',
      { channel: 'sms', to: '+14155552672' },
      { cookie: `other=1; sallyport_binding=${binding}` },
    )
    expect(again.headers.get('set-cookie')).toBeNull()
  })

  it('with an idempotency key that is none is refused', async () => {
    const answer = await api.post('/v1/verifications', { channel: 'sms', to: '+14155552671' }, { 'idempotency-key': 'x'.repeat(256) })
    expect(answer.status).toBe(400)
  })
})

describe('credentials', () => {
  it('that are bad are 401, also where none is needed', async () => {
    const answer = await api.post('/v1/verifications', { channel: 'sms', to: '+14155552671' }, { authorization: 'Bearer nonsense' })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect((await api.post('/v1/verifications', {}, { authorization: 'Basic YTpi' })).status).toBe(401)
    expect((await api.post('/v1/verifications', {}, { authorization: 'Bearer sk_unknown' })).status).toBe(401)
  })

  it('that are bad are counted against the network they come from', async () => {
    api.calls.length = 0
    const bad = { authorization: 'Bearer sk_unknown' }
    expect((await api.fetch('/metrics', { headers: bad })).status).toBe(401)
    expect(api.calls.filter(({ name }) => name === 'limit')).toHaveLength(1)
    api.refusal.next = { window: { name: 'requests', limit: 600, windowMs: 60_000 }, retryAfterMs: 5_000 }
    expect((await api.fetch('/metrics', { headers: bad })).status).toBe(429)
  })

  it('are needed for proofs, and for everything where the API is not public', async () => {
    expect((await api.post('/v1/proofs/verify', { proof: 'x' })).status).toBe(401)
    const closed = await startApi({ PUBLIC_API: false })
    expect((await closed.post('/v1/verifications', { channel: 'sms', to: '+14155552671' })).status).toBe(401)
    const authorization = `Bearer ${await createToken()}`
    expect((await closed.post('/v1/verifications', { channel: 'sms', to: '+14155552671' }, { authorization })).status).toBe(202)
    await closed.close()
  })

  it('of an admin open /metrics, others do not', async () => {
    const ask = async (authorization: string) => (await api.fetch('/metrics', { headers: { authorization } })).status
    expect((await api.fetch('/metrics')).status).toBe(401)
    expect(await ask(`Bearer ${await createToken()}`)).toBe(403)
    expect(await ask(`Bearer ${await createToken({ roles: ['admin'] })}`)).toBe(200)
    expect(await ask(`Bearer ${adminKey}`)).toBe(200)
  })
})

describe('limits', () => {
  it('answer 429 with the fields that say which and when', async () => {
    api.refusal.next = { window: { name: 'requests', limit: 600, windowMs: 60_000 }, retryAfterMs: 11_200 }
    const answer = await api.fetch('/v1/verifications/ver_nonsense')
    expect(answer.status).toBe(429)
    expect(answer.headers.get('retry-after')).toBe('12')
    expect(answer.headers.get('ratelimit')).toBe('"requests";r=0;t=12')
    expect(answer.headers.get('ratelimit-policy')).toBe('"requests";q=600;w=60')
    expect(await answer.json()).toMatchObject({ code: 'rate_limited', retryable: true, retryAfter: 12 })
  })

  it.each(['/v1/documents', '/v1/envelopes', '/v1/notifications', '/v1/uploads', '/v1/sessions'])(
    'count %s as a listing too',
    async (path) => {
      api.calls.length = 0
      await api.fetch(path, { headers: { authorization: `Bearer ${await createToken()}` } })
      const [counted] = api.calls.filter(({ name }) => name === 'limit').map(({ input }) => input as { rules: { kind: string }[] })
      expect(counted?.rules.map(({ kind }) => kind)).toEqual(['requests', 'listings'])
    },
  )

  it('count requests that share a request id one by one', async () => {
    api.calls.length = 0
    await api.fetch('/v1/verifications/ver_nonsense', { headers: { 'x-request-id': 'same' } })
    await api.fetch('/v1/verifications/ver_nonsense', { headers: { 'x-request-id': 'same' } })
    const uses = api.calls.filter((call) => call.name === 'limit').map((call) => (call.input as { useId: string }).useId)
    expect(new Set(uses).size).toBe(2)
  })
})

describe('browsers of other origins', () => {
  const preflight = (origin: string, path = '/v1/verifications') =>
    api.fetch(path, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } })

  it('are let in when the operator names them, or on localhost in development', async () => {
    for (const origin of ['https://app.example.com', 'http://localhost:5173']) {
      const answer = await preflight(origin)
      expect(answer.status).toBe(204)
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
      expect(answer.headers.get('access-control-allow-headers')).toContain('Idempotency-Key')
    }
    const answer = await api.fetch('/v1/verifications/ver_x', { headers: { origin: 'https://app.example.com' } })
    expect(answer.headers.get('access-control-expose-headers')).toContain('Idempotent-Replayed')
  })

  it('are kept out otherwise, and always from pages', async () => {
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull()
    expect((await preflight('http://localhost.evil.example')).headers.get('access-control-allow-origin')).toBeNull()
    expect((await preflight('https://app.example.com', '/sign-in')).headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('probes', () => {
  it('say which part is not ready', async () => {
    const answer = await api.fetch('/readyz')
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ parts: { redis: { ready: false } } })
  })

  it('show the outbox in development and nowhere else', async () => {
    expect(await (await api.fetch('/dev/outbox?to=+14155552671')).json()).toEqual([{ to: '+14155552671' }])
    const production = await startApi({ NODE_ENV: 'production' })
    expect((await production.fetch('/dev/outbox')).status).toBe(404)
    await production.close()
  })
})

describe('following a verification', () => {
  async function started(): Promise<string> {
    const answer = await api.post('/v1/verifications', { channel: 'sms', to: '+14155552671' })
    const { id } = (await answer.json()) as { id: string }
    const start = api.calls.findLast((call) => call.name === 'start')?.input as { record: NewVerification } | undefined
    if (start) api.records.set(id, { ...start.record, status: 'queued', sequence: 1, wrongCodes: 0, sends: 1, resendAtMs: 0 })
    return id
  }

  it('gives its sequence as ETag, and 304 when that was seen', async () => {
    const id = await started()
    const fresh = await api.fetch(`/v1/verifications/${id}`)
    expect(fresh.headers.get('etag')).toBe('"1"')
    const seen = await api.fetch(`/v1/verifications/${id}`, { headers: { 'if-none-match': 'W/"1"' } })
    expect(seen.status).toBe(304)
    expect((await api.fetch(`/v1/verifications/${id}`, { headers: { 'if-none-match': '"7"' } })).status).toBe(200)
  })

  it('waits as long as the client prefers', async () => {
    const id = await started()
    const answer = await api.fetch(`/v1/verifications/${id}`, { headers: { 'if-none-match': '"1"', prefer: 'respond-async, wait=1' } })
    expect(answer.status).toBe(304)
    expect(answer.headers.get('preference-applied')).toBe('wait=1')
  })

  it('ends its wait with 304 at once when the process is to stop', async () => {
    const id = await started()
    const intact = api.deps.stopping
    const stopping = new AbortController()
    api.deps.stopping = stopping.signal
    const { promise: watched, resolve } = Promise.withResolvers<void>()
    const { verifications } = api.deps
    api.deps.verifications = { ...verifications, watch: (subject) => (resolve(), verifications.watch(subject)) }
    const startedAtMs = performance.now()
    const waiting = api.fetch(`/v1/verifications/${id}`, { headers: { 'if-none-match': '"1"', prefer: 'wait=20' } })
    await watched
    stopping.abort()
    expect((await waiting).status).toBe(304)
    expect(performance.now() - startedAtMs).toBeLessThan(2_000)
    Object.assign(api.deps, { stopping: intact, verifications })
  })
})

describe('what nobody expected', () => {
  it('is a 500 that tells nothing, logged without its message', async () => {
    api.logLines.length = 0
    const intact = api.deps.verifications
    const readAttempts = async () => {
      throw new RangeError('secret detail of +14155552671')
    }
    api.deps.verifications = { ...intact, readAttempts }
    const id = createVerificationId({ partition: 0, keyTag: api.deps.keyring.writingTag, purpose: 'phone_verification', digits: 6 })
    const answer = await api.fetch(`/v1/verifications/${id}/attempts`)
    api.deps.verifications = intact
    expect(answer.status).toBe(500)
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject({ code: 'internal', retryable: true })
    await expect.poll(() => api.logLines.join('')).toContain('"name":"RangeError"')
    expect(text + api.logLines.join('')).not.toContain('secret detail')
  })

  it('is no reason to call an API key wrong: with its store away the answer is 503', async () => {
    const intact = api.deps.apiKeys
    api.deps.apiKeys = { findByHash: () => Promise.reject(new Error('connection refused')) }
    const answer = await api.fetch('/metrics', { headers: { authorization: `Bearer ${adminKey}` } })
    api.deps.apiKeys = intact
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('1')
  })
})

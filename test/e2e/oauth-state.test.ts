// OAuth states against a real OAuth server: the whole authorization-code flow with PKCE, and every way in which it must not go.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt } from 'jose'
import { Provider } from 'oidc-provider'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startSystem, type Answer, type System } from '../support/system.ts'

const redirectUri = 'http://127.0.0.1:9/callback'
const client = { client_id: 'app', client_secret: 'app-secret' }
let system: System
let provider: { url: string; server: Server }

beforeAll(async () => {
  system = await startSystem({ env: { REDIRECTS: `app=${redirectUri}` }, workers: 0 })
  provider = await startProvider()
})

afterAll(() => {
  provider.server.close()
  provider.server.closeAllConnections()
})

/** An OAuth server that refuses whoever comes without PKCE. */
async function startProvider(): Promise<typeof provider> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const oidc = new Provider(url, {
    clients: [{ ...client, redirect_uris: [redirectUri], grant_types: ['authorization_code'], response_types: ['code'] }],
    pkce: { required: () => true },
    cookies: { keys: ['a key of the tests'] },
    features: { devInteractions: { enabled: true } },
  })
  const answer = oidc.callback()
  server.on('request', (req, res) => void answer(req, res))
  return { url, server }
}

/** A browser: one cookie jar, redirects followed by hand until they lead away from the provider. */
class Browser {
  readonly #jar = new Map<string, string>()

  async fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.#jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { redirect: 'manual', ...init, headers: { ...init.headers, ...(cookie === '' ? {} : { cookie }) } })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const at = pair.indexOf('=')
      if (pair.slice(at + 1) === '') this.#jar.delete(pair.slice(0, at))
      else this.#jar.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return response
  }

  /** Signs in and consents; the address that the provider sends the browser back to. */
  async authorize(query: Record<string, string>): Promise<URL> {
    let next = new URL(`${provider.url}/auth?${new URLSearchParams(query).toString()}`)
    let response = await this.fetch(next.href)
    for (let hops = 0; hops < 12; hops++) {
      const location = response.headers.get('location')
      if (location !== null) {
        next = new URL(location, next)
        if (next.origin !== provider.url) return next
        response = await this.fetch(next.href)
        continue
      }
      const page = await response.text()
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1] ?? ''
      const form = new URLSearchParams({ prompt, login: 'ada', password: 'secret' })
      response = await this.fetch(next.href, { method: 'POST', body: form })
    }
    throw new Error('the provider never sent the browser back')
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await this.fetch(`${system.url}${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as Record<string, unknown> }
  }

  begin(more: object = {}): Promise<Answer> {
    return this.call('POST', '/v1/oauth/states', { provider: 'local', redirect: 'app', ...more })
  }
}

const consume = (browser: Browser, state: unknown, body?: object) => browser.call('POST', `/v1/oauth/states/${String(state)}/consume`, body)

it('takes a browser through authorization code and PKCE, and cannot be replayed', async () => {
  const browser = new Browser()
  const begun = await browser.begin({ data: { returnTo: '/settings' } })
  expect(begun).toMatchObject({
    status: 201,
    body: { codeChallengeMethod: 'S256', codeChallenge: expect.stringMatching(/^[\w-]{43}$/) as string, redirectUri },
  })
  const { state, codeChallenge, nonce } = begun.body as Record<string, string>
  const query = {
    client_id: 'app',
    response_type: 'code',
    scope: 'openid',
    redirect_uri: redirectUri,
    state: state ?? '',
    nonce: nonce ?? '',
  }
  const back = await browser.authorize({ ...query, code_challenge: codeChallenge ?? '', code_challenge_method: 'S256' })
  expect(back.searchParams.get('state')).toBe(state)

  expect((await browser.call('GET', `/v1/oauth/states/${state}`)).body).toMatchObject({ valid: true, provider: 'local', redirect: 'app' })
  const used = await consume(browser, back.searchParams.get('state'))
  expect(used).toMatchObject({
    status: 200,
    body: { provider: 'local', redirect: 'app', redirectUri, data: { returnTo: '/settings' }, nonce },
  })
  const exchange = (verifier: string) =>
    fetch(`${provider.url}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${client.client_id}:${client.client_secret}`)}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: back.searchParams.get('code') ?? '',
        redirect_uri: redirectUri,
        code_verifier: verifier,
      }),
    })
  const tokens = (await (await exchange(String(used.body['codeVerifier']))).json()) as { id_token: string }
  expect(decodeJwt(tokens.id_token)).toMatchObject({ sub: 'ada', nonce, aud: 'app' })

  expect(await consume(browser, state)).toMatchObject({ status: 410, body: { code: 'token_used' } })
  expect((await browser.call('GET', `/v1/oauth/states/${state}`)).body).toEqual({ valid: false, reason: 'token_used' })
})

it('the provider refuses a code with another state’s verifier', async () => {
  const browser = new Browser()
  const [mine, other] = [(await browser.begin()).body, (await browser.begin()).body]
  const query = {
    client_id: 'app',
    response_type: 'code',
    scope: 'openid',
    redirect_uri: redirectUri,
    state: String(mine['state']),
    nonce: String(mine['nonce']),
  }
  const back = await browser.authorize({ ...query, code_challenge: String(mine['codeChallenge']), code_challenge_method: 'S256' })
  const { body } = await consume(browser, other['state'])
  const refused = await fetch(`${provider.url}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client.client_id}:${client.client_secret}`)}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: redirectUri,
      code_verifier: String(body['codeVerifier']),
    }),
  })
  expect(await refused.json()).toMatchObject({ error: 'invalid_grant' })
})

it('another browser is refused and spends nothing; of a hundred tries of the right one, one succeeds', async () => {
  const browser = new Browser()
  const { state } = (await browser.begin()).body
  const stranger = new Browser()
  await stranger.begin()
  expect(await consume(stranger, state)).toMatchObject({ status: 403, body: { code: 'binding_mismatch' } })
  expect(await consume(new Browser(), state)).toMatchObject({ status: 403, body: { code: 'binding_mismatch' } })
  expect((await stranger.call('GET', `/v1/oauth/states/${String(state)}`)).body).toEqual({ valid: false, reason: 'binding_mismatch' })
  const tries = await Promise.all(Array.from({ length: 100 }, () => consume(browser, state)))
  expect(tries.filter(({ status }) => status === 200)).toHaveLength(1)
  expect(tries.filter(({ status }) => status === 410)).toHaveLength(99)
})

it('a tampered, an invented and an empty state are refused alike', async () => {
  const browser = new Browser()
  const state = String((await browser.begin()).body['state'])
  const last = state.at(-1) === 'A' ? 'B' : 'A'
  for (const wrong of [
    `${state.slice(0, -1)}${last}`,
    `${state}A`,
    state.replace(/^./, (letter) => (letter === '0' ? '1' : '0')),
    'x',
    '%00',
  ]) {
    expect(await consume(browser, wrong)).toMatchObject({ status: 400, body: { code: 'token_invalid' } })
    expect((await browser.call('GET', `/v1/oauth/states/${wrong}`)).body).toEqual({ valid: false, reason: 'token_invalid' })
  }
  expect((await consume(browser, state)).status).toBe(200)
})

it('data is plain and small', async () => {
  const browser = new Browser()
  const body = (data: string) => `{"provider":"local","redirect":"app","data":${data}}`
  const begin = (data: string) =>
    system.call('POST', '/v1/oauth/states', body(data), { 'content-type': 'application/json' }).then((answer) => answer.body)
  expect(await begin('{"constructor":{"prototype":{"isAdmin":true}}}')).toMatchObject({
    status: 400,
    errors: [{ pointer: '/data/constructor' }],
  })
  expect(await begin('{"a":{"prototype":1}}')).toMatchObject({ status: 400, errors: [{ pointer: '/data/a/prototype' }] })
  expect((await browser.begin({ data: { a: 'x'.repeat(8_192) } })).body).toMatchObject({ status: 413, code: 'too_large' })
  expect((await browser.begin({ data: { a: 'x'.repeat(8_000) } })).status).toBe(201)
})

it('a repeat whose first answer got lost sets the same cookie, and the state can be consumed with it', async () => {
  const headers = { 'idempotency-key': crypto.randomUUID() }
  const begin = () => system.call('POST', '/v1/oauth/states', { provider: 'local', redirect: 'app' }, headers)
  const [first, second] = [await begin(), await begin()]
  expect(second.headers.get('idempotent-replayed')).toBe('true')
  expect(second.body).toEqual(first.body)
  const cookieOf = (answer: Answer) => String(answer.headers.get('set-cookie')).split(';')[0] ?? ''
  expect(cookieOf(second)).toBe(cookieOf(first))
  const path = `/v1/oauth/states/${String(second.body['state'])}/consume`
  expect((await system.call('POST', path, {}, { cookie: cookieOf(second) })).status).toBe(200)
})

it('only registered redirects and decent providers; a server binds its user’s session', async () => {
  const browser = new Browser()
  expect((await browser.begin({ redirect: 'https://evil.example' })).body).toMatchObject({
    status: 400,
    errors: [{ pointer: '/redirect' }],
  })
  expect((await browser.begin({ provider: 'Über' })).body).toMatchObject({ status: 400, errors: [{ pointer: '/provider' }] })
  expect((await browser.begin({ binding: 'x'.repeat(32) })).body).toMatchObject({ status: 400, errors: [{ pointer: '/binding' }] })
  const server = await system.as({ sub: 'server', roles: ['system'] })
  const begun = await system.call('POST', '/v1/oauth/states', { provider: 'local', redirect: 'app', binding: 'session-hash-0001' }, server)
  expect(begun.status).toBe(201)
  expect(begun.headers.get('set-cookie')).toBeNull()
  const path = `/v1/oauth/states/${String(begun.body['state'])}/consume`
  expect((await system.call('POST', path, {}, server)).body['code']).toBe('binding_mismatch')
  expect((await system.call('POST', path, { binding: 'session-hash-0002' }, server)).body['code']).toBe('binding_mismatch')
  expect((await system.call('POST', path, { binding: 'session-hash-0001' }, server)).status).toBe(200)
})

it('the secrets of a state are in no store', async () => {
  const browser = new Browser()
  const begun = (await browser.begin({ data: { note: 'unmistakable-note' } })).body
  const { Redis } = await import('ioredis')
  const redis = new Redis(system.env['REDIS_URL'] ?? '')
  const dumps = await Promise.all((await redis.keys('*')).map((key) => redis.dumpBuffer(key)))
  redis.disconnect()
  const { body } = await consume(browser, begun['state'])
  for (const secret of [String(begun['state']).slice(40), String(body['codeVerifier']), String(body['nonce']), 'unmistakable-note']) {
    expect(dumps.some((dump) => dump.includes(secret))).toBe(false)
  }
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VerificationRecord } from '../../src/domain/ports.ts'
import { createVerificationId } from '../../src/domain/verification/id.ts'
import { sealPersonalData } from '../../src/domain/verification/personal-data.ts'
import { deriveCode, deriveLinkToken } from '../../src/domain/verification/secrets.ts'
import { safeTarget } from '../../src/api/pages/sign-in.ts'
import { adminKey, createToken, startApi, type Harness } from './harness.ts'

let api: Harness
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.close())

const binding = 'b'.repeat(32)

function addLink(change: Partial<VerificationRecord> = {}, redirect?: string): { id: string; token: string; code: string } {
  const { keyring } = api.deps
  const id = createVerificationId({ partition: 0, keyTag: keyring.writingTag, purpose: 'email_verification', digits: 6 })
  const nowMs = Date.now()
  const expiresAtMs = nowMs + 60_000
  api.records.set(id, {
    id,
    status: 'sent',
    sequence: 3,
    channel: 'email',
    method: 'link',
    linkMode: 'button',
    purpose: 'email_verification',
    maskedTo: 'a•••@example.com',
    startedBy: 'anonymous',
    destination: 'd',
    caller: 'c',
    binding: keyring.fingerprint('binding', binding),
    maxAttempts: 3,
    wrongCodes: 0,
    sends: 1,
    resendAtMs: nowMs,
    createdAtMs: nowMs,
    expiresAtMs,
    sealed: sealPersonalData(keyring, id, expiresAtMs, {
      to: 'ada@example.com',
      locale: 'en',
      ...(redirect === undefined ? {} : { redirect }),
    }),
    ...change,
  })
  return { id, token: deriveLinkToken(keyring, id) ?? '', code: deriveCode(keyring, id) ?? '' }
}

async function nonceOf(token: string): Promise<string> {
  return /name="nonce" value="([^"]+)"/.exec(await (await api.fetch(`/v/${token}`)).text())?.[1] ?? ''
}

function submit(token: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  return api.fetch(`/v/${token}`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin', ...headers },
    body: new URLSearchParams(fields),
  })
}

const checks = () => api.calls.filter((call) => call.name === 'check').length

describe('the page of a link', () => {
  it('changes nothing when it is read, however often and by whichever method', async () => {
    const { id, token } = addLink()
    const before = checks()
    for (const method of ['GET', 'HEAD', 'GET', 'HEAD', 'GET']) expect((await api.fetch(`/v/${token}`, { method })).status).toBe(200)
    expect(checks()).toBe(before)
    expect(api.records.get(id)?.status).toBe('sent')
  })

  it('runs no script, loads nothing, and is neither cached nor indexed', async () => {
    const answer = await api.fetch(`/v/${addLink().token}`)
    const policy = answer.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('script-src')
    expect(policy).not.toContain('unsafe-inline')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('x-robots-tag')).toContain('noindex')
    expect(await answer.text()).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/)
  })

  it('approves by its form, once', async () => {
    const { id, token } = addLink()
    const nonce = await nonceOf(token)
    expect((await submit(token, { nonce })).status).toBe(200)
    expect(api.records.get(id)?.status).toBe('approved')
    const page = await api.fetch(`/v/${token}`)
    expect(page.status).toBe(410)
    expect(await page.text()).toContain('Already confirmed')
  })

  it('goes to the registered redirect, and lets its form lead there', async () => {
    const { token } = addLink({}, 'console')
    expect((await api.fetch(`/v/${token}`)).headers.get('content-security-policy')).toContain(
      "form-action 'self' https://console.example.com;",
    )
    const answer = await submit(token, { nonce: await nonceOf(token) })
    expect(answer.status).toBe(303)
    expect(answer.headers.get('location')).toBe('https://console.example.com/done')
  })

  it('approves neither without its nonce, nor with another one, nor for another site', async () => {
    const { id, token } = addLink()
    expect((await submit(token, {})).status).toBe(400)
    expect((await submit(token, { nonce: await nonceOf(addLink().token) })).status).toBe(400)
    expect((await submit(token, { nonce: await nonceOf(token) }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect(api.records.get(id)?.status).toBe('sent')
  })

  it('asks another browser for the code when the link is bound, and not the one that started', async () => {
    const { id, token, code } = addLink({ linkMode: 'bound' })
    expect(await (await api.fetch(`/v/${token}`)).text()).toContain('name="code"')
    expect(await (await api.fetch(`/v/${token}`, { headers: { cookie: `sallyport_binding=${binding}` } })).text()).not.toContain(
      'name="code"',
    )
    const nonce = await nonceOf(token)
    expect((await submit(token, { nonce })).status).toBe(403)
    const wrong = await submit(token, { nonce, code: code === '000000' ? '111111' : '000000' })
    expect(wrong.status).toBe(422)
    expect(await wrong.text()).toContain('2 tries left')
    expect((await submit(token, { nonce, code: ` ${code.slice(0, 3)}-${code.slice(3)} ` })).status).toBe(200)
    expect(api.records.get(id)?.status).toBe('approved')
  })

  it.each([
    ['expired', { expiresAtMs: 1 }, 410, 'This link has expired'],
    ['canceled', { status: 'canceled' as const }, 410, 'canceled'],
    ['failed', { status: 'failed' as const }, 410, 'no longer works'],
  ])('says so when the verification is %s', async (_name, change, status, words) => {
    const answer = await api.fetch(`/v/${addLink(change).token}`)
    expect(answer.status).toBe(status)
    expect(await answer.text()).toContain(words)
  })

  it('says so when the token is none', async () => {
    const answer = await api.fetch('/v/nonsense')
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toContain('text/html')
    expect((await submit('nonsense', { nonce: 'x' })).status).toBe(400)
  })
})

describe('sign-in', () => {
  const signIn = (credential: string, next = '/admin/queues', headers: Record<string, string> = {}) =>
    api.fetch('/sign-in', { method: 'POST', headers, body: new URLSearchParams({ credential, next }) })

  it('gives an admin a strict session cookie that opens the board', async () => {
    const answer = await signIn(await createToken({ roles: ['admin'] }))
    expect(answer.status).toBe(303)
    expect(answer.headers.get('location')).toBe('/admin/queues')
    const cookie = answer.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict$/)
    const board = await api.fetch('/admin/queues', { headers: { cookie: cookie.split(';', 1)[0] ?? '' } })
    expect(board.status).toBe(200)
    expect(await board.text()).toContain('Sallyport queues')
  })

  it('refuses what is no credential, who is no admin, and forms of other sites', async () => {
    expect((await signIn('nonsense')).status).toBe(401)
    expect((await signIn(await createToken())).status).toBe(403)
    expect((await signIn(await createToken({ roles: ['admin'] }), '/', { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await signIn(await createToken({ roles: ['admin'] }), '/', { origin: 'https://evil.example' })).status).toBe(403)
  })

  it('ends no later than its credential; sign-out ends it for every copy of the cookie', async () => {
    const cookieOf = (answer: Response): string => (answer.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? ''
    const open = async (cookie: string): Promise<number> => (await api.fetch('/admin/queues/api/queues', { headers: { cookie } })).status
    const cookie = cookieOf(await signIn(await createToken({ roles: ['admin'] })))
    const { exp, iat } = JSON.parse(Buffer.from(cookie.split('.')[1] ?? '', 'base64url').toString()) as { exp: number; iat: number }
    expect(exp - iat).toBeLessThanOrEqual(300)
    expect(await open(cookie)).toBe(200)
    const out = await api.fetch('/sign-out', { method: 'POST', headers: { cookie, 'sec-fetch-site': 'same-origin' } })
    expect(out.status).toBe(303)
    expect(await open(cookie)).toBe(401)
  })

  it('ends with the API key by which it was got', async () => {
    const cookie = ((await signIn(adminKey)).headers.get('set-cookie') ?? '').split(';', 1)[0] ?? ''
    const board = () => api.fetch('/admin/queues/api/queues', { headers: { cookie } })
    expect((await board()).status).toBe(200)
    const intact = api.deps.apiKeys
    api.deps.apiKeys = { findByHash: async () => ({ keyId: 'key_1', scopes: ['verifications'] }) }
    expect((await board()).status).toBe(403)
    api.deps.apiKeys = { findByHash: async () => null }
    expect((await board()).status).toBe(401)
    api.deps.apiKeys = intact
  })

  it.each([
    ['/admin/queues/queue/otp?status=failed', '/admin/queues/queue/otp?status=failed'],
    ['//evil.example', '/admin/queues'],
    ['/\\evil.example', '/admin/queues'],
    ['https://evil.example', '/admin/queues'],
    ['/\t/evil.example', '/admin/queues'],
    ['/.//evil.example/admin', '/admin/queues'],
    ['/x/..//evil.example', '/admin/queues'],
    ['/%2e//evil.example/a', '/admin/queues'],
    ['/admin/..//evil.example/admin/', '/admin/queues'],
    ['//', '/admin/queues'],
    ['/administer', '/admin/queues'],
    ['/v/token', '/admin/queues'],
    ['/docs', '/docs'],
    ['/console/flows?x=1', '/console/flows?x=1'],
    ['', '/admin/queues'],
  ])('leads only to places of this site: %s', (next, target) => {
    expect(safeTarget(next)).toBe(target)
  })
})

describe('the board', () => {
  it('sends a browser to sign-in and refuses others', async () => {
    const browser = await api.fetch('/admin/queues/queue/otp', { headers: { accept: 'text/html' } })
    expect(browser.status).toBe(303)
    expect(browser.headers.get('location')).toBe('/sign-in?next=%2Fadmin%2Fqueues%2Fqueue%2Fotp')
    expect((await api.fetch('/admin/queues/api/queues')).status).toBe(401)
    expect((await api.fetch('/admin/queues/static/js/main.js')).status).toBe(401)
    expect((await api.fetch('/admin/queues', { headers: { authorization: `Bearer ${await createToken()}` } })).status).toBe(403)
  })

  it('is read-only', async () => {
    const authorization = `Bearer ${await createToken({ roles: ['admin'] })}`
    const queues = await api.fetch('/admin/queues/api/queues', { headers: { authorization } })
    expect([queues.status, queues.headers.get('x-powered-by')]).toEqual([200, null])
    expect((await api.fetch('/admin/queues/api/queues/otp/pause', { method: 'PUT', headers: { authorization } })).status).toBe(403)
  })
})

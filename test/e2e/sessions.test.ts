// Sessions over HTTP, with two API processes: whatever one of them is told, the other goes by at once.
import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../support/sse.ts'
import { codeIn, startSystem, type Answer, type System } from '../support/system.ts'

describe('sessions', () => {
  let system: System
  let [one, other] = ['', '']
  beforeAll(async () => {
    system = await startSystem({ apis: 2 })
    ;[one = '', other = ''] = system.urls
  })

  /** A JWT with every claim that matters here. */
  async function token(claims: Record<string, unknown> & { sub?: string }, issuedSecondsAgo = 2): Promise<string> {
    const nowSeconds = Math.floor(Date.now() / 1_000) - issuedSecondsAgo
    return new SignJWT({ sub: 'alice', jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(system.env['JWT_ISSUER'] ?? '')
      .setAudience(system.env['JWT_AUDIENCE'] ?? '')
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + 3_600)
      .sign(new TextEncoder().encode(system.env['JWT_SECRET']))
  }
  const bearer = (jwt: string): Record<string, string> => ({ authorization: `Bearer ${jwt}` })
  const asUser = async (sub: string, more: Record<string, unknown> = {}) => bearer(await token({ sub, ...more }))
  const open = async (sub: string, body?: object): Promise<string> =>
    String((await system.call('POST', '/v1/sessions', body, await asUser(sub))).body['id'])

  it('are opened, listed newest first, read and changed name by name', async () => {
    const who = await asUser('ada')
    const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
    const opened = await system.call('POST', '/v1/sessions', { metadata: { theme: 'dark', seen: 1 } }, { ...who, 'user-agent': agent })
    expect(opened.status).toBe(201)
    expect(opened.headers.get('location')).toBe(`/v1/sessions/${opened.body['id']}`)
    expect(opened.body).toMatchObject({
      device: { name: 'Firefox on Linux', type: 'desktop' },
      assurance: 'basic',
      metadata: { theme: 'dark', seen: 1 },
      current: false,
    })
    const lifetime = Date.parse(String(opened.body['expiresAt'])) - Date.parse(String(opened.body['createdAt']))
    expect(lifetime).toBe(86_400_000)
    const second = await system.call('POST', '/v1/sessions', undefined, who)
    const list = await system.call('GET', '/v1/sessions?first=1', undefined, who, other)
    expect(list.body).toMatchObject({ totalCount: 2, nodes: [{ id: second.body['id'] }], pageInfo: { hasNextPage: true } })
    const after = (list.body['pageInfo'] as { endCursor: string }).endCursor
    expect((await system.call('GET', `/v1/sessions?first=5&after=${after}`, undefined, who)).body).toMatchObject({
      nodes: [{ id: opened.body['id'] }],
    })
    const path = `/v1/sessions/${opened.body['id']}`
    const patched = await system.call('PATCH', path, { metadata: { theme: null, lang: 'de' } }, who, other)
    expect(patched.body['metadata']).toEqual({ seen: 1, lang: 'de' })
  })

  it('of somebody else are not there; a server names whose it means', async () => {
    const id = await open('carol')
    const eve = await asUser('eve')
    for (const method of ['GET', 'DELETE']) expect((await system.call(method, `/v1/sessions/${id}`, undefined, eve)).status).toBe(404)
    expect((await system.call('GET', '/v1/sessions?userId=carol', undefined, eve)).status).toBe(404)
    const server = await asUser('backend', { roles: ['system'] })
    expect((await system.call('GET', '/v1/sessions?userId=carol', undefined, server)).body['totalCount']).toBe(1)
    const made = await system.call('POST', '/v1/sessions', { userId: 'carol' }, server)
    expect((await system.call('GET', `/v1/sessions/${made.body['id']}`, undefined, await asUser('carol'))).status).toBe(200)
    expect((await system.call('GET', '/v1/sessions/no-such-id', undefined, eve)).status).toBe(404)
  })

  it('when signed out end everywhere at once: the JWTs that name them are refused by every process', async () => {
    const id = await open('dave')
    const who = await asUser('dave', { sid: id })
    expect((await system.call('GET', `/v1/sessions/${id}`, undefined, who, other)).body['current']).toBe(true)
    expect((await system.call('DELETE', `/v1/sessions/${id}`, undefined, who, one)).status).toBe(204)
    expect((await system.call('GET', '/v1/sessions', undefined, who, other)).status).toBe(401)
    const query = { query: '{ pendingOperations(first: 1) { totalCount } }' }
    expect((await system.call('POST', '/graphql', query, who, other)).status).toBe(401)
    // A token of another session, and one without any, go on.
    expect((await system.call('GET', '/v1/sessions', undefined, await asUser('dave'), other)).status).toBe(200)
  })

  it('cannot be borrowed: a JWT that names another user’s session, or one that never was, is refused', async () => {
    const id = await open('frank')
    expect((await system.call('GET', '/v1/sessions', undefined, await asUser('mallory', { sid: id }))).status).toBe(401)
    const invented = `00000000-0000-85a1-8000-${'0'.repeat(12)}`
    expect((await system.call('GET', '/v1/sessions', undefined, await asUser('frank', { sid: invented }))).status).toBe(401)
    // An identity provider's own sid is none of ours.
    expect((await system.call('GET', '/v1/sessions', undefined, await asUser('frank', { sid: randomUUID() }))).status).toBe(200)
  })

  it('all end with a sign-out everywhere, with every token issued until then, and with no token issued after', async () => {
    await open('gina')
    await open('gina')
    const before = await asUser('gina')
    expect((await system.call('DELETE', '/v1/sessions', undefined, before, one)).body).toEqual({ ended: 2 })
    expect((await system.call('GET', '/v1/sessions', undefined, before, other)).status).toBe(401)
    const after = bearer(await token({ sub: 'gina' }, -2))
    expect((await system.call('GET', '/v1/sessions', undefined, after, other)).body['totalCount']).toBe(0)
  })

  it('but one end when it is kept, and tokens without a session go on', async () => {
    const kept = await open('hugo')
    await open('hugo')
    const who = await asUser('hugo')
    expect((await system.call('DELETE', `/v1/sessions?keep=${kept}`, undefined, who)).body).toEqual({ ended: 1 })
    const list = await system.call('GET', '/v1/sessions', undefined, who, other)
    expect(list.body).toMatchObject({ totalCount: 1, nodes: [{ id: kept }] })
  })

  it('do not come back: a hundred writes race with the sign-out, and nothing is left of it', async () => {
    for (let round = 0; round < 5; round++) {
      const id = await open('iris')
      const who = await asUser('iris', { sid: id })
      const path = `/v1/sessions/${id}`
      const write = (n: number): Promise<Answer> =>
        n % 2 === 0
          ? system.call('PATCH', path, { metadata: { [`name${n}`.slice(0, 6)]: n } }, who, n % 4 === 0 ? one : other)
          : system.call('GET', path, undefined, who, n % 3 === 0 ? one : other)
      const writes = Array.from({ length: 100 }, (_, n) => write(n))
      const signOut = system.call('DELETE', path, undefined, who, other)
      const answers = await Promise.all([...writes, signOut])
      expect(answers.every(({ status }) => [200, 204, 400, 401, 404].includes(status))).toBe(true)
      expect((await system.call('GET', '/v1/sessions', undefined, who)).status).toBe(401)
    }
    const list = await system.call('GET', '/v1/sessions', undefined, await asUser('iris'), other)
    expect(list.body['totalCount']).toBe(0)
  })

  it('lose no concurrent write of different names', async () => {
    const id = await open('jane')
    const who = await asUser('jane')
    const names = Array.from({ length: 40 }, (_, n) => `n${n}`)
    await Promise.all(
      names.map((name, n) => system.call('PATCH', `/v1/sessions/${id}`, { metadata: { [name]: n } }, who, n % 2 ? one : other)),
    )
    const { body } = await system.call('GET', `/v1/sessions/${id}`, undefined, who)
    expect(body['metadata']).toEqual(Object.fromEntries(names.map((name, n) => [name, n])))
    const tooMany = await system.call(
      'PATCH',
      `/v1/sessions/${id}`,
      { metadata: Object.fromEntries(names.slice(0, 11).map((name) => [`x${name}`, 1])) },
      who,
    )
    expect(tooMany).toMatchObject({ status: 400, body: { errors: [{ pointer: '/metadata' }] } })
  })

  it('rise by a proof of the user’s own verified address, once, and by nobody else’s', async () => {
    const id = await open('kate')
    const who = await asUser('kate', { sid: id, email: 'kate@example.com', email_verified: true })
    const prove = async (to: string, purpose: string, headers: Record<string, string>): Promise<string> => {
      const { body } = await system.call('POST', '/v1/verifications', { channel: 'email', to, purpose, userId: 'kate' }, headers)
      const code = codeIn((await system.message(to)).text)
      return String((await system.call('POST', `/v1/verifications/${body['id']}/check`, { code }, headers)).body['proof'])
    }
    const raise = (proof: string, headers = who): Promise<Answer> => system.call('POST', `/v1/sessions/${id}/step-up`, { proof }, headers)
    // Whoever holds the token may verify an address of their own for "kate": that proves nothing of her.
    expect(await raise(await prove('thief@example.com', 'two_factor', who))).toMatchObject({
      status: 403,
      body: { code: 'proof_not_accepted' },
    })
    const proof = await prove('kate@example.com', 'two_factor', who)
    expect((await raise(proof, await asUser('eve'))).status).toBe(404)
    const raised = await raise(proof)
    expect(raised).toMatchObject({ status: 200, body: { assurance: 'elevated' } })
    const left = Date.parse(String(raised.body['assuranceExpiresAt'])) - Date.now()
    expect(left).toBeGreaterThan(890_000)
    expect(left).toBeLessThanOrEqual(900_000)
    expect(await raise(proof)).toMatchObject({ status: 409, body: { code: 'proof_used' } })
    expect(await raise('no.such.proof')).toMatchObject({ status: 400 })
    const server = await asUser('backend', { roles: ['system'] })
    const other = await open('kate')
    const vouched = await prove('kate.second@example.com', 'identity_verification', server)
    expect(await system.call('POST', `/v1/sessions/${other}/step-up`, { proof: vouched }, server)).toMatchObject({
      body: { assurance: 'elevated' },
    })
  })

  it('are ended in batches by admins, and counted by day', async () => {
    const [first, second] = [await open('lena'), await open('liam')]
    const admin = await asUser('root', { roles: ['admin'] })
    const ended = await system.call('POST', '/v1/sessions/batch-sign-out', { sessionIds: [first, randomUUID()], userIds: ['liam'] }, admin)
    expect(ended.body['results']).toMatchObject([
      { result: 'ended' },
      { result: 'not_found' },
      { userId: 'liam', result: 'ended', ended: 1 },
    ])
    expect((await system.call('GET', `/v1/sessions/${second}`, undefined, admin)).status).toBe(404)
    expect((await system.call('POST', '/v1/sessions/batch-sign-out', { userIds: ['liam'] }, await asUser('lena'))).status).toBe(403)
    const stats = await system.call('GET', '/v1/sessions/stats', undefined, admin)
    expect(stats.body).toMatchObject({ active: expect.any(Number), days: expect.any(Array) })
    const [today] = stats.body['days'] as { created: number; ended: number }[]
    expect(today?.created).toBeGreaterThan(10)
    expect(today?.ended).toBeGreaterThan(5)
  })

  it('tokens are revoked by their id, or by what is signed when they have none', async () => {
    const withId = await token({ sub: 'mona' })
    const without = await token({ sub: 'mona', jti: undefined })
    for (const jwt of [withId, without]) {
      expect((await system.call('GET', '/v1/sessions', undefined, bearer(jwt), other)).status).toBe(200)
      expect((await system.call('POST', '/v1/tokens/revoke', { token: jwt }, await asUser('eve'))).status).toBe(404)
      const revoked = await system.call('POST', '/v1/tokens/revoke', { token: jwt }, bearer(jwt), one)
      expect(revoked).toMatchObject({ status: 200, body: { revoked: true } })
      expect((await system.call('GET', '/v1/sessions', undefined, bearer(jwt), other)).status).toBe(401)
      expect((await system.call('POST', '/graphql', { query: '{ __typename }' }, bearer(jwt), other)).status).toBe(401)
      expect((await system.call('POST', '/v1/verifications', { channel: 'sms', to: '+14155550199' }, bearer(jwt), other)).status).toBe(401)
    }
    expect((await system.call('POST', '/v1/tokens/revoke', { token: 'nonsense' }, await asUser('mona'))).status).toBe(400)
    expect((await system.call('GET', '/v1/sessions', undefined, await asUser('mona'), other)).status).toBe(200)
  })

  it('a stream that was opened before ends within about a second', async () => {
    const id = await open('nora')
    const who = await asUser('nora', { sid: id })
    const stream = await createClient(`${other}/graphql`, { query: 'subscription { pendingOperationChanged { status } }' }, who)
    expect(stream.status).toBe(200)
    const startedAt = performance.now()
    await system.call('DELETE', `/v1/sessions/${id}`, undefined, await asUser('nora'), one)
    await stream.ended
    expect(performance.now() - startedAt).toBeLessThan(1_500)
  })
})

// Pending operations over HTTP, with real processes and a real Redis: every line of the contract that a client can see.
import { beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/infra.ts'
import { startSystem, type Answer, type System } from '../support/system.ts'

const path = '/v1/pending-operations'

let system: System
let alice: Record<string, string>
let bob: Record<string, string>
let admin: Record<string, string>

beforeAll(async () => {
  system = await startSystem({ env: { LISTING_LIMIT_PER_MINUTE: '0', QUEUE_PARTITIONS: '3' }, apis: 1, workers: 0 })
  alice = await system.as({ sub: 'alice', email: 'alice@example.com' })
  bob = await system.as({ sub: 'bob', email: 'bob@example.com' })
  admin = await system.as({ sub: 'root', roles: ['admin'] })
})

const post = (to: string, body: unknown, as = alice, more: Record<string, string> = {}): Promise<Answer> =>
  system.call('POST', `${path}${to}`, body, { ...as, ...more })
const get = (to: string, as = alice): Promise<Answer> => system.call('GET', `${path}${to}`, undefined, as)

const begin = async (body: object = {}, as = alice): Promise<{ token: string; id: string }> => {
  const answer = await post('', { operationType: 'registration', data: { name: 'Ada' }, ...body }, as)
  expect(answer.status, answer.text).toBe(201)
  return { token: String(answer.body['token']), id: String(answer.body['id']) }
}

describe('creating', () => {
  it('answers with a token, an id and the lifetime of its type', async () => {
    const answer = await post('', { operationType: 'registration', data: { a: 1 } })
    expect(answer.status).toBe(201)
    expect(answer.body).toMatchObject({ backend: 'redis', singleUse: true, operationType: 'registration', version: 1, expiresIn: 86_400 })
    expect(answer.headers.get('location')).toBe(`${path}/${answer.body['id']}`)
    expect(Date.parse(String(answer.body['expiresAt'])) - Date.parse(String(answer.body['createdAt']))).toBe(86_400_000)
  })

  it.each([
    [90, 90],
    ['90s', 90],
    ['30m', 1_800],
    ['24h', 86_400],
    ['30d', 2_592_000],
  ])('takes a lifetime of %s with either backend', async (expiresIn, seconds) => {
    for (const backend of ['redis', 'jwt', 'auto']) {
      expect((await post('', { operationType: 'x', data: {}, backend, expiresIn })).body['expiresIn']).toBe(seconds)
    }
  })

  it.each([
    ['password_reset', 1_800],
    ['otp_verification', 600],
    ['campaign', 3_600],
    ['form', 1_800],
    ['approval', 604_800],
    ['anything_else', 3_600],
  ])('gives %s its default lifetime', async (operationType, seconds) => {
    expect((await post('', { operationType, data: {} })).body['expiresIn']).toBe(seconds)
  })

  const nested = (levels: number): object => Array.from({ length: levels }).reduce<object>((inner) => ({ inner }), {})
  it.each<[string, unknown, number, string]>([
    ['no data', { operationType: 'x' }, 400, 'invalid_request'],
    ['data that is a list', { operationType: 'x', data: [] }, 400, 'invalid_request'],
    ['a strange type', { operationType: 'X-1', data: {} }, 400, 'invalid_request'],
    ['an unknown field', { operationType: 'x', data: {}, ttl: 3 }, 400, 'invalid_request'],
    ['31 days', { operationType: 'x', data: {}, expiresIn: '31d' }, 400, 'invalid_request'],
    ['no time at all', { operationType: 'x', data: {}, expiresIn: 0 }, 400, 'invalid_request'],
    ['a wordy time', { operationType: 'x', data: {}, expiresIn: '1 week' }, 400, 'invalid_request'],
    ['deep data', { operationType: 'x', data: nested(14) }, 400, 'invalid_request'],
    ['very deep data', `{"operationType":"x","data":${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}}`, 400, 'invalid_request'],
    ['a prototype key', '{"operationType":"x","data":{"a":{"__proto__":{"isAdmin":true}}}}', 400, 'invalid_request'],
    ['a constructor key', { operationType: 'x', data: { constructor: { prototype: {} } } }, 400, 'invalid_request'],
    ['65 kB', { operationType: 'x', data: { text: 'x'.repeat(65 * 1_024) } }, 413, 'too_large'],
    ['a whole megabyte', { operationType: 'x', data: { text: 'x'.repeat(1_024 * 1_024) } }, 413, 'too_large'],
  ])('refuses %s', async (_what, body, status, code) => {
    const answer = await system.call('POST', path, body, { ...alice, 'content-type': 'application/json' })
    expect(answer).toMatchObject({ status, body: { code } })
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })

  it('takes 64 kB of data with either backend and gives it back', async () => {
    const data = { text: 'x'.repeat(64 * 1_024 - 20) }
    for (const backend of ['redis', 'jwt']) {
      const { token } = await begin({ data, backend })
      expect((await post('/consume', { token, operationType: 'registration' })).body['data']).toEqual(data)
    }
  })

  it('needs a credential', async () => {
    expect(await post('', { operationType: 'x', data: {} }, {})).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
  })

  it('is done once for one idempotency key', async () => {
    const key = { 'idempotency-key': 'create-1' }
    const body = { operationType: 'x', data: { a: 1 } }
    const [first, second] = [await post('', body, alice, key), await post('', body, alice, key)]
    expect(second.body).toEqual(first.body)
    expect(second.headers.get('idempotent-replayed')).toBe('true')
    expect(await post('', { ...body, data: {} }, alice, key)).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
  })
})

describe('a token', () => {
  it.each(['redis', 'jwt'])('of %s is looked up without consuming and consumed once', async (backend) => {
    const data = { name: 'Ada', password: 'p', deep: [{ apiKey: 'k', ok: 1 }] }
    const { token, id } = await begin({
      backend,
      data,
      recipient: 'Alice@Example.com',
      channel: 'email',
      purpose: 'sign up',
      metadata: { plan: 'pro', resetToken: 't' },
    })
    for (let i = 0; i < 2; i++) {
      const seen = await post('/lookup', { token, operationType: 'registration' })
      expect(seen.body).toMatchObject({
        id,
        backend,
        status: 'active',
        version: 1,
        recipient: 'alice@example.com',
        metadata: { plan: 'pro' },
      })
      expect(seen.body['data']).toEqual({ name: 'Ada', deep: [{ ok: 1 }] })
      expect(seen.text).not.toMatch(/"(password|apiKey|resetToken)"/)
    }
    const taken = await post('/consume', { token, operationType: 'registration' })
    expect(taken).toMatchObject({
      status: 200,
      body: { id, backend, singleUse: true, operationType: 'registration', data, recipient: 'alice@example.com', purpose: 'sign up' },
    })
    expect(await post('/consume', { token, operationType: 'registration' })).toMatchObject({ status: 410, body: { code: 'token_used' } })
    expect(await post('/lookup', { token })).toMatchObject({ status: 200, body: { status: 'consumed' } })
    expect((await post('/lookup', { token })).body['data']).toBeUndefined()
  })

  it.each(['redis', 'jwt'])('of %s never opens another type, and is not consumed by the try', async (backend) => {
    const { token } = await begin({ backend })
    expect(await post('/consume', { token, operationType: 'campaign' })).toMatchObject({
      status: 409,
      body: { code: 'operation_type_mismatch' },
    })
    expect(await post('/lookup', { token, operationType: 'campaign' })).toMatchObject({
      status: 409,
      body: { code: 'operation_type_mismatch' },
    })
    expect((await post('/consume', { token, operationType: 'registration' })).status).toBe(200)
  })

  it.each(['redis', 'jwt'])('of %s says that it expired', async (backend) => {
    const { token } = await begin({ backend, expiresIn: 1 })
    await until(async () => (await post('/lookup', { token })).status === 410)
    for (const call of [post('/consume', { token, operationType: 'registration' }), post('/lookup', { token })]) {
      expect(await call).toMatchObject({ status: 410, body: { code: 'token_expired' } })
    }
  })

  it.each(['redis', 'jwt'])('of %s that was tampered with anywhere is invalid', async (backend) => {
    const { token } = await begin({ backend })
    const places =
      backend === 'redis' ? [0, 20, 34, 39, 45, token.length - 1] : [3, token.indexOf('.') + 3, token.length - 30, token.length - 1]
    for (const at of places) {
      const altered = `${token.slice(0, at)}${token[at] === 'x' ? 'y' : 'x'}${token.slice(at + 1)}`
      expect(await post('/consume', { token: altered, operationType: 'registration' })).toMatchObject({
        status: 400,
        body: { code: 'token_invalid' },
      })
    }
    for (const foreign of ['x', '.', 'a.b.c.d.e', `${token}x`, token.slice(1), alice['authorization']?.slice(7)]) {
      expect(await post('/lookup', { token: foreign })).toMatchObject({ status: 400, body: { code: 'token_invalid' } })
    }
    expect((await post('/consume', { token, operationType: 'registration' })).status).toBe(200)
  })

  it.each(['redis', 'jwt'])('of %s is consumed by one of a hundred at once', async (backend) => {
    const { token } = await begin({ backend })
    const answers = await Promise.all(Array.from({ length: 100 }, () => post('/consume', { token, operationType: 'registration' })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ body }) => body['code'] === 'token_used')).toHaveLength(99)
  })

  it('gives the same data again for the same idempotency key', async () => {
    const { token } = await begin()
    const [first, second] = [1, 2].map(() =>
      post('/consume', { token, operationType: 'registration' }, alice, { 'idempotency-key': 'consume-1' }),
    )
    const answers = [await first, await second].map((answer) => answer?.status)
    expect(answers).toContain(200)
    const again = await post('/consume', { token, operationType: 'registration' }, alice, { 'idempotency-key': 'consume-1' })
    expect(again).toMatchObject({ status: 200, body: { data: { name: 'Ada' } } })
  })

  it('of a deleted operation opens nothing', async () => {
    const { token, id } = await begin()
    expect((await system.call('DELETE', `${path}/${id}`, undefined, alice)).status).toBe(204)
    expect((await system.call('DELETE', `${path}/${id}`, undefined, alice)).status).toBe(404)
    expect(await post('/consume', { token, operationType: 'registration' })).toMatchObject({ status: 400, body: { code: 'token_invalid' } })
  })
})

describe('changing', () => {
  it('merges, counts versions and refuses an old one', async () => {
    const { token, id } = await begin({ data: { a: { b: 1, c: 2 }, list: [1, 2] } })
    const patched = await system.call('PATCH', `${path}/${id}`, { data: { a: { c: null, d: 3 }, list: [3] }, version: 1 }, alice)
    expect(patched).toMatchObject({ status: 200, body: { version: 2, data: { a: { b: 1, d: 3 }, list: [3] } } })
    expect(await system.call('PATCH', `${path}/${id}`, { data: { x: 1 }, version: 1 }, alice)).toMatchObject({
      status: 409,
      body: { code: 'version_conflict', conflict: { version: 2 } },
    })
    expect(await post('/update', { token, data: { y: 1 } })).toMatchObject({ status: 200, body: { version: 3 } })
    expect((await post('/consume', { token, operationType: 'registration' })).body['data']).toEqual({ a: { b: 1, d: 3 }, list: [3], y: 1 })
    expect(await post('/update', { token, data: { y: 2 } })).toMatchObject({ status: 410, body: { code: 'token_used' } })
  })

  it('loses none of many changes made at once', async () => {
    const { token, id } = await begin({ data: {} })
    const names = Array.from({ length: 20 }, (_, at) => `field${at}`)
    const answers = await Promise.all(names.map((name) => system.call('PATCH', `${path}/${id}`, { data: { [name]: true } }, alice)))
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200))
    const { body } = await post('/consume', { token, operationType: 'registration' })
    expect(Object.keys(body['data'] as object).toSorted()).toEqual(names.toSorted())
    expect(body['version']).toBe(21)
  })

  it('of one that lives in its token is refused', async () => {
    const { token } = await begin({ backend: 'jwt' })
    expect(await post('/update', { token, data: {} })).toMatchObject({ status: 409, body: { code: 'not_updatable' } })
  })

  it('past the limit changes nothing', async () => {
    const { id } = await begin({ data: { text: 'x'.repeat(40_000) } })
    expect((await system.call('PATCH', `${path}/${id}`, { data: { more: 'x'.repeat(30_000) } }, alice)).status).toBe(413)
    expect((await get(`/${id}`)).body).toMatchObject({ version: 1 })
  })
})

describe('rights', () => {
  it('are the creator’s, the verified recipient’s and the admin’s; for anybody else there is nothing', async () => {
    const { id } = await begin({ recipient: 'bob@example.com', operationType: 'rights_check' })
    const carol = await system.as({ sub: 'carol', email: 'carol@example.com' })
    const unverified = await system.as({ sub: 'mallory', email: 'bob@example.com', email_verified: false } as never)
    for (const [who, status] of [
      [alice, 200],
      [bob, 200],
      [admin, 200],
      [carol, 404],
      [unverified, 404],
    ] as const) {
      expect((await get(`/${id}`, who)).status).toBe(status)
      const list = await get('?operationType=rights_check', who)
      expect(list.body['totalCount']).toBe(status === 200 ? 1 : 0)
    }
    expect(await system.call('PATCH', `${path}/${id}`, { data: {} }, carol)).toMatchObject({ status: 404, body: { code: 'not_found' } })
    expect((await system.call('DELETE', `${path}/${id}`, undefined, carol)).status).toBe(404)
    expect((await get('/pop_nonsense')).status).toBe(404)
    expect((await post('/bulk', { action: 'delete', ids: [id] })).status).toBe(403)
    expect((await get('/stats')).status).toBe(403)
  })
})

describe('listing', () => {
  type Page = {
    nodes: { id: string; operationType: string; status: string }[]
    totalCount: number
    pageInfo: { hasNextPage: boolean; endCursor: string }
  }
  const pageOf = async (query: string, as = alice): Promise<Page> => (await get(query, as)).body as unknown as Page

  it('pages newest first, stable under inserts, with the right count', async () => {
    const dora = await system.as({ sub: 'dora', email: 'dora@example.com' })
    const made: string[] = []
    for (let at = 0; at < 25; at++) {
      made.push((await begin({ operationType: at % 5 === 0 ? 'fifth' : 'other', recipient: 'dora@example.com' }, dora)).id)
    }
    const seen: string[] = []
    let after = ''
    do {
      const page = await pageOf(`?first=10${after && `&after=${encodeURIComponent(after)}`}`, dora)
      seen.push(...page.nodes.map(({ id }) => id))
      // Creator and recipient are one here: each counts once.
      expect(page.totalCount).toBeGreaterThanOrEqual(25)
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : ''
      if (after) await begin({ operationType: 'late' }, dora)
    } while (after)
    expect(seen).toEqual(made.toReversed())
    const fifth = await pageOf('?operationType=fifth&recipient=Dora@example.com', dora)
    expect(fifth.totalCount).toBe(5)
    expect(fifth.nodes.map(({ operationType }) => operationType)).toEqual(Array.from({ length: 5 }, () => 'fifth'))
    const cursor = encodeURIComponent((await pageOf('?first=2', dora)).pageInfo.endCursor)
    expect(await get(`?operationType=fifth&after=${cursor}`, dora)).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    expect((await get(`?after=${cursor}`, alice)).status).toBe(400)
    expect((await get('?first=101', dora)).status).toBe(400)
    expect((await get('?colour=red', dora)).status).toBe(400)
  })

  it('filters by status and text', async () => {
    const erik = await system.as({ sub: 'erik' })
    const [one, two, three] = [
      await begin({ operationType: 'alpha', purpose: 'Spring sale' }, erik),
      await begin({ operationType: 'beta', expiresIn: 60 }, erik),
      await begin({ operationType: 'gamma', metadata: { note: 'SPRING' } }, erik),
    ]
    await post('/consume', { token: one.token, operationType: 'alpha' }, erik)
    expect((await pageOf('?status=consumed', erik)).nodes.map(({ id }) => id)).toEqual([one.id])
    expect((await pageOf('?status=expiring_soon', erik)).nodes).toMatchObject([{ id: two.id, status: 'expiring_soon' }])
    // What expires soon is a status of its own, as its view says.
    const active = await pageOf('?status=active', erik)
    expect(active).toMatchObject({ totalCount: 1, nodes: [{ status: 'active' }] })
    expect((await pageOf('?q=spring', erik)).nodes.map(({ id }) => id)).toEqual([three.id, one.id])
    expect(await pageOf('?q=spring&first=1', erik)).toMatchObject({ totalCount: 2, pageInfo: { hasNextPage: true } })
    expect(await post('/bulk', { action: 'expire', ids: [one.id, two.id, three.id, three.id, 'pop_x'] }, admin)).toMatchObject({
      status: 200,
      body: {
        results: [
          { id: one.id, result: 'not_active' },
          { id: two.id, result: 'expired' },
          { id: three.id, result: 'expired' },
          { id: 'pop_x', result: 'not_found' },
        ],
      },
    })
    expect((await pageOf('', erik)).nodes.map(({ id }) => id)).toEqual([one.id])
    expect((await pageOf('', erik)).totalCount).toBe(1)
    expect(await pageOf('?status=expired', erik)).toMatchObject({ totalCount: 2, nodes: [{ status: 'expired' }, { status: 'expired' }] })
    expect(await post('/consume', { token: two.token, operationType: 'beta' }, erik)).toMatchObject({
      status: 410,
      body: { code: 'token_expired' },
    })
  })

  it('never shows the tokens’ own operations', async () => {
    const frida = await system.as({ sub: 'frida' })
    await begin({ backend: 'jwt' }, frida)
    expect((await pageOf('', frida)).totalCount).toBe(0)
  })

  it('is exported whole, safe for spreadsheets and without secrets', async () => {
    const gus = await system.as({ sub: 'gus' })
    for (let at = 0; at < 450; at += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          begin({ recipient: at + n === 7 ? '=HYPERLINK("http://evil")' : '+14155550100', data: { n: at + n, secret: 's3cr3t' } }, gus),
        ),
      )
    }
    const csv = await get('/export?format=csv', gus)
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    const lines = csv.text.trimEnd().split('\r\n')
    expect(lines).toHaveLength(451)
    expect(csv.text).toContain(`"'=HYPERLINK(""http://evil"")"`)
    expect(csv.text).toContain(`"'+14155550100"`)
    expect(csv.text).not.toContain('s3cr3t')
    const json = JSON.parse((await get('/export?format=json', gus)).text) as unknown[]
    expect(json).toHaveLength(450)
    expect(JSON.parse((await get('/export?format=json&operationType=none', gus)).text)).toEqual([])
    expect((await get('/export?format=xml', gus)).status).toBe(400)
  })
})

it('counts what happens, by hour and type', async () => {
  const before = (await get('/stats', admin)).body as { byType: Record<string, { created: number; consumed: number; expired: number }> }
  expect(before.byType['counted']).toBeUndefined()
  const made = [
    await begin({ operationType: 'counted' }),
    await begin({ operationType: 'counted', backend: 'jwt' }),
    await begin({ operationType: 'counted', expiresIn: 30 }),
  ]
  for (const { token } of made.slice(0, 2)) {
    await post('/consume', { token, operationType: 'counted' })
  }
  await post('/bulk', { action: 'expire', ids: [made[2]?.id] }, admin)
  const { body } = await get('/stats', admin)
  expect(body).toMatchObject({ byType: { counted: { created: 3, consumed: 2, expired: 1 } }, store: { errorRate: 0 } })
  expect((body['hours'] as unknown[]).length).toBe(24)
})

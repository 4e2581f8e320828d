// GraphQL over HTTP: the specification's own audits, the same answers and refusals as REST, limits, and the subscription.
import { serverAudits } from 'graphql-http'
import { beforeAll, describe, expect, it } from 'vitest'
import { askRedis, until } from '../support/infra.ts'
import { startSystem, type Answer, type System } from '../support/system.ts'

let system: System
let alice: Record<string, string>
let admin: Record<string, string>

beforeAll(async () => {
  system = await startSystem({ env: { LISTING_LIMIT_PER_MINUTE: '0', PUBLIC_API: 'true' }, workers: 0 })
  alice = await system.as({ sub: 'alice', email: 'alice@example.com' })
  admin = await system.as({ sub: 'root', roles: ['admin'] })
})

type Result = { data?: Record<string, never>; errors?: { message: string; extensions: Record<string, unknown> }[] }
const ask = async (query: string, variables: object = {}, as = alice): Promise<Result> => {
  const answer = await system.call('POST', '/graphql', { query, variables }, as)
  return answer.body
}
const codesOf = (result: Result): unknown[] => (result.errors ?? []).map(({ extensions }) => extensions['code'])

const create = `mutation ($input: CreatePendingOperationInput!) { createPendingOperation(input: $input) { token id backend singleUse version expiresIn } }`
const begin = async (input: object = {}, as = alice): Promise<{ token: string; id: string }> => {
  const result = await ask(create, { input: { operationType: 'registration', data: { name: 'Ada', password: 'p' }, ...input } }, as)
  expect(result.errors).toBeUndefined()
  return (result.data as unknown as Record<string, { token: string; id: string }>)['createPendingOperation'] as {
    token: string
    id: string
  }
}

describe('GraphQL over HTTP', () => {
  it('passes every audit of graphql-http', async () => {
    const audits = serverAudits({
      url: `${system.url}/graphql`,
      fetchFn: (url: string, init: RequestInit = {}) =>
        fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), ...alice } }),
    })
    expect(audits.length).toBeGreaterThan(50)
    const failed: string[] = []
    const counts = new Map<string, [number, number]>()
    for (const audit of audits) {
      const result = await audit.fn()
      const level = audit.name.split(' ')[0] ?? ''
      const [passed, all] = counts.get(level) ?? [0, 0]
      counts.set(level, [passed + (result.status === 'ok' ? 1 : 0), all + 1])
      if (result.status !== 'ok') failed.push(`${result.status}: ${audit.name}: ${result.reason}`)
    }
    console.log([...counts].map(([level, [passed, all]]) => `${level} ${passed}/${all}`).join(', '))
    expect(failed).toEqual([])
  })

  it('needs a credential, and tells so as everywhere', async () => {
    expect(await system.call('POST', '/graphql', { query: '{ __typename }' })).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    })
  })

  it('has a page to try it that loads nothing from elsewhere', async () => {
    const page = await system.call('GET', '/graphql', undefined, { accept: 'text/html' })
    expect(page.status).toBe(200)
    expect(page.text).not.toMatch(/(?:src|href)="https?:/)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  it('hides the schema in production from all but admins', async () => {
    // Production needs a lot of settings; what it adds here is NODE_ENV alone, so the rule is tried by itself in limits.test.ts.
    expect((await ask('{ __schema { queryType { name } } }')).data).toMatchObject({ __schema: { queryType: { name: 'Query' } } })
  })
})

describe('operations', () => {
  it('are created, found, changed and consumed with the same answers as over REST', async () => {
    const { token, id } = await begin({
      recipient: 'bob@example.com',
      channel: 'email',
      metadata: { plan: 'pro', secret: 's' },
      expiresIn: '30m',
    })
    const fields = 'token operationType recipient channel purpose createdAt expiresAt expiresIn metadata status'
    for (const key of [token, id]) {
      const { data } = await ask(
        `query ($token: String!) { pendingOperation(token: $token, operationType: "registration") { ${fields} } }`,
        { token: key },
      )
      const rest = await system.call('GET', `/v1/pending-operations/${id}`, undefined, alice)
      const { recipient, createdAt, expiresAt, metadata } = rest.body
      expect(data).toMatchObject({
        pendingOperation: {
          token: id,
          operationType: 'registration',
          recipient,
          channel: 'email',
          purpose: null,
          createdAt,
          expiresAt,
          metadata,
          status: 'active',
        },
      })
    }
    const list = await ask(
      '{ pendingOperations(recipient: "bob@example.com") { totalCount nodes { token data } pageInfo { hasNextPage endCursor } } }',
    )
    expect(list.data).toMatchObject({
      pendingOperations: { totalCount: 1, nodes: [{ token: id, data: { name: 'Ada' } }], pageInfo: { hasNextPage: false } },
    })
    expect(JSON.stringify(list)).not.toContain('password')
    const changed = await ask(
      'mutation ($token: String!, $data: JSON!) { updatePendingOperation(token: $token, data: $data, version: 1) { version } }',
      { token, data: { step: 2 } },
    )
    expect(changed.data).toMatchObject({ updatePendingOperation: { version: 2 } })
    const consume =
      'mutation ($token: String!, $type: String!) { consumePendingOperation(token: $token, operationType: $type) { data singleUse } }'
    expect(codesOf(await ask(consume, { token, type: 'campaign' }))).toEqual(['operation_type_mismatch'])
    expect((await ask(consume, { token, type: 'registration' })).data).toMatchObject({
      consumePendingOperation: { data: { name: 'Ada', password: 'p', step: 2 }, singleUse: true },
    })
    expect(codesOf(await ask(consume, { token, type: 'registration' }))).toEqual(['token_used'])
    const removed = await ask('mutation ($ids: [ID!]!) { deletePendingOperations(ids: $ids) { id result } }', { ids: [id, 'pop_x'] })
    expect(removed.data).toMatchObject({
      deletePendingOperations: [
        { id, result: 'deleted' },
        { id: 'pop_x', result: 'not_found' },
      ],
    })
  })

  it('of somebody else are not found', async () => {
    const { id } = await begin()
    const carol = await system.as({ sub: 'carol' })
    const query = 'query ($id: String!) { pendingOperation(token: $id) { token } }'
    expect(codesOf(await ask(query, { id }, carol))).toEqual(['not_found'])
    expect((await ask(query, { id }, admin)).data).toMatchObject({ pendingOperation: { token: id } })
    expect(
      (await ask('mutation ($ids: [ID!]!) { deletePendingOperations(ids: $ids) { result } }', { ids: [id] }, carol)).data,
    ).toMatchObject({
      deletePendingOperations: [{ result: 'not_found' }],
    })
  })

  it('get the codes of the one table', async () => {
    const wrong = (input: object) => ask(create, { input: { operationType: 'x', data: {}, ...input } }).then(codesOf)
    expect(await wrong({ operationType: 'X' })).toEqual(['invalid_request'])
    expect(await wrong({ expiresIn: '31d' })).toEqual(['invalid_request'])
    expect(await wrong({ data: [1] })).toEqual(['invalid_request'])
    expect(await wrong({ data: { constructor: {} } })).toEqual(['invalid_request'])
    expect(await wrong({ data: { text: 'x'.repeat(65 * 1_024) } })).toEqual(['too_large'])
    expect(codesOf(await ask('{ pendingOperation(token: "nonsense") { token } }'))).toEqual(['token_invalid'])
    expect(codesOf(await ask('{ pendingOperations(after: "x.y") { totalCount } }'))).toEqual(['invalid_request'])
    expect(codesOf(await ask('{ pendingOperations(first: 101) { totalCount } }'))).toEqual(['invalid_request'])
    expect(codesOf(await ask('{ nothing }'))).toEqual(['invalid_request'])
  })
})

describe('the headers of a request', () => {
  const consume = 'mutation ($token: String!) { consumePendingOperation(token: $token, operationType: "registration") { data } }'
  const post = (query: string, variables: object, more: Record<string, string>): Promise<Answer> =>
    system.call('POST', '/graphql', { query, variables }, { ...alice, ...more })

  it('make a change happen once for one idempotency key, and refuse the key for another', async () => {
    const key = { 'idempotency-key': 'graphql-create' }
    const input = { operationType: 'registration', data: { name: 'Ada' } }
    const [first, again] = [await post(create, { input }, key), await post(create, { input }, key)]
    expect((first.body as Result).errors).toBeUndefined()
    expect(again.body).toEqual(first.body)
    const other = await post(create, { input: { ...input, data: { name: 'Bob' } } }, key)
    expect((other.body as Result).errors?.[0]?.extensions).toMatchObject({ code: 'idempotency_key_reused', status: 422 })

    const { token } = await begin()
    const once = { 'idempotency-key': 'graphql-consume' }
    const [taken, repeated] = [await post(consume, { token }, once), await post(consume, { token }, once)]
    expect(taken.body).toMatchObject({ data: { consumePendingOperation: { data: { name: 'Ada', password: 'p' } } } })
    expect(repeated.body).toEqual(taken.body)
    expect(codesOf((await post(consume, { token }, {})).body)).toEqual(['token_used'])
  })

  it('name the request in its events and in its errors', async () => {
    await post(create, { input: { operationType: 'traced', data: {} } }, { 'x-request-id': 'graphql-request-1' })
    const redisUrl = system.env['REDIS_URL'] ?? ''
    const events = (await askRedis(redisUrl, [`SELECT ${new URL(redisUrl).pathname.slice(1)}`, 'XRANGE {p0}:events - +'])).join('\n')
    expect(events).toContain('pending_operation.created')
    expect(events).toContain('graphql-request-1')
    const lost = await post('{ pendingOperation(token: "nonsense") { token } }', {}, { 'x-request-id': 'graphql-request-2' })
    expect((lost.body as Result).errors?.[0]?.extensions).toMatchObject({ code: 'token_invalid', instance: 'graphql-request-2' })
  })

  it('that ask for or send another type get a problem document, and nothing is done', async () => {
    const input = { operationType: 'refused_type', data: {} }
    const facts = ({ status, body, headers }: Answer): unknown[] => [status, body['code'], headers.get('content-type')]
    expect(facts(await post(create, { input }, { accept: 'text/html' }))).toEqual([406, 'not_acceptable', 'application/problem+json'])
    const xml = await system.call('POST', '/graphql', '<a/>', { ...alice, 'content-type': 'application/xml' })
    expect(facts(xml)).toEqual([415, 'unsupported_media_type', 'application/problem+json'])
    const left = await ask('{ pendingOperations(operationType: "refused_type") { totalCount } }')
    expect(left.data).toEqual({ pendingOperations: { totalCount: 0 } })
  })
})

describe('values', () => {
  const count = async (): Promise<unknown> => (await ask('{ pendingOperations(operationType: "hostile") { totalCount } }')).data
  const none = { pendingOperations: { totalCount: 0 } }
  const send = (data: string): Promise<Answer> =>
    system.call(
      'POST',
      '/graphql',
      `{"query":${JSON.stringify(create)},"variables":{"input":{"operationType":"hostile","data":${data}}}}`,
      { ...alice, 'content-type': 'application/json' },
    )

  it.each([
    ['half a character', '{"a":"\\ud800x"}'],
    ['U+0000', '{"a":["\\u0000"]}'],
    ['half a character in a name', '{"\\ud800":1}'],
    ['__proto__', '{"__proto__":{"a":1},"b":1}'],
    ['__proto__ within', '{"b":[{"__proto__":1}]}'],
    ['constructor', '{"b":{"constructor":1}}'],
    ['prototype', '{"prototype":1}'],
    ['endless depth', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ])('that are %s are refused in variables', async (_what, data) => {
    expect(codesOf((await send(data)).body)).toEqual(['invalid_request'])
    expect(await count()).toEqual(none)
  })

  it.each([
    '{ __proto__: { a: 1 }, b: 2 }',
    '{ a: { constructor: 1 } }',
    '{ a: [{ prototype: 1 }] }',
    '{ a: "\\u0000" }',
    '{ a: "\\ud800" }',
  ])('are refused in the document: %s', async (data) => {
    const result = await ask(`mutation { createPendingOperation(input: { operationType: "hostile", data: ${data} }) { id } }`)
    expect(codesOf(result)).toEqual(['invalid_request'])
    expect(await count()).toEqual(none)
  })

  it('of filters are those that REST takes, and null is nothing', async () => {
    const query = `query ($q: String, $recipient: String, $after: String, $type: String, $first: Int) {
      pendingOperations(q: $q, recipient: $recipient, after: $after, operationType: $type, first: $first) { totalCount } }`
    const wrong = [
      { q: '' },
      { q: 'x'.repeat(101) },
      { q: '\0' },
      { recipient: ' ' },
      { recipient: 'x'.repeat(321) },
      { after: '' },
      { type: 'X' },
    ]
    for (const one of wrong) expect(codesOf(await ask(query, one))).toEqual(['invalid_request'])
    const nothing = { q: null, recipient: null, after: null, type: null, first: null }
    expect((await ask(query, nothing)).errors).toBeUndefined()
    expect((await ask('{ pendingOperations(first: null) { totalCount } }')).errors).toBeUndefined()
    expect(codesOf(await ask('mutation { deletePendingOperations(ids: []) { id } }'))).toEqual(['invalid_request'])
    expect(codesOf(await ask('{ pendingOperation(token: "") { token } }'))).toEqual(['invalid_request'])
  })

  it('are not quoted by errors', async () => {
    const secret = 'hunter2-hunter2'
    const input = { operationType: 'x', data: { password: secret } }
    const wrong: [string, object][] = [
      [create, { input: { ...input, unknown: { password: secret } } }],
      [create, { input: { ...input, operationType: { a: secret } } }],
      [create, { input: { ...input, backend: secret } }],
      [create, { input: secret }],
      [create, { input: { data: { password: secret } } }],
      ['query ($first: Int) { pendingOperations(first: $first) { totalCount } }', { first: secret }],
      [`{ pendingOperations(first: "${secret}") { totalCount } }`, {}],
      [`{ pendingOperations(status: "${secret}") { totalCount } }`, {}],
      [`{ pendingOperations(q: { a: "${secret}" }) { totalCount } }`, {}],
      [`{ pendingOperations("${secret}") { totalCount } }`, {}],
      [`{ pendingOperations(q: """a""" """${secret}""") { totalCount } }`, {}],
      [`query ($first: Int = "${secret}") { pendingOperations(first: $first) { totalCount } }`, {}],
    ]
    for (const [query, variables] of wrong) {
      const result = await ask(query, variables)
      expect(new Set(codesOf(result))).toEqual(new Set(['invalid_request']))
      expect(JSON.stringify(result)).not.toContain('hunter2')
    }
    const broken = await system.call('POST', '/graphql', `{"query":"{a}", ${secret}`, { ...alice, 'content-type': 'application/json' })
    expect(broken.status).toBe(400)
    expect(broken.text).not.toContain('hunter2')
  })
})

it('each change in a document counts as a request', async () => {
  const strict = await system.startApi({ RATE_LIMIT_PER_MINUTE: '5' })
  const many = Array.from({ length: 9 }, (_, at) => `a${at}: createPendingOperation(input: { operationType: "many", data: {} }) { id }`)
  const dora = await system.as({ sub: 'dora' })
  const answer = await system.call('POST', '/graphql', { query: `mutation { ${many.join(' ')} }` }, dora, strict)
  expect(new Set(codesOf(answer.body))).toEqual(new Set(['rate_limited']))
  const made = await ask('{ pendingOperations(operationType: "many") { totalCount } }', {}, dora)
  expect(made.data).toEqual({ pendingOperations: { totalCount: 5 } })
})

describe('a document', () => {
  it.each<[string, string]>([
    ['nested too deeply', `{ pendingOperations { ${'nodes { '.repeat(10)} token ${'} '.repeat(10)} } }`],
    [
      'too heavy',
      `{ ${Array.from({ length: 10 }, (_, at) => `a${at}: pendingOperations(first: 100) { nodes { token status recipient channel purpose metadata } }`).join(' ')} }`,
    ],
    ['with too many aliases', `{ ${Array.from({ length: 150 }, (_, at) => `a${at}: __typename`).join(' ')} }`],
    ['with a fragment of itself', 'query { ...a } fragment a on Query { ...b } fragment b on Query { ...a }'],
    ['with more than ten fields at its root', `{ ${Array.from({ length: 11 }, (_, at) => `a${at}: __typename`).join(' ')} }`],
    ['with many pages of data', `{ ${Array.from({ length: 10 }, (_, at) => `a${at}: pendingOperations { nodes { data } }`).join(' ')} }`],
    ['of very many tokens', `{ ${'__typename '.repeat(3_000)} }`],
    ['of brackets only', `${'{a'.repeat(5_000)}${'}'.repeat(5_000)}`],
  ])('%s is refused before anything of it runs', async (_what, query) => {
    const answer: Answer = await system.call('POST', '/graphql', { query }, alice)
    const result = answer.body as Result
    expect(result.data ?? null).toBeNull()
    expect(new Set(codesOf(result))).toEqual(new Set(['invalid_request']))
  })
})

describe('the subscription', () => {
  it('tells each change to those who may see it, and to nobody else', async () => {
    const open = async (as: Record<string, string>): Promise<{ text: () => string; close: () => void }> => {
      const stop = new AbortController()
      const answer = await fetch(`${system.url}/graphql`, {
        method: 'POST',
        signal: stop.signal,
        headers: { ...as, 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify({
          query: 'subscription { pendingOperationChanged(operationType: "watched") { token status version recipient } }',
        }),
      })
      expect(answer.headers.get('content-type')).toContain('text/event-stream')
      let text = ''
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
      const pump = async (): Promise<void> => {
        for (;;) {
          const { done, value } = (await reader?.read()) ?? { done: true, value: '' }
          if (done) return
          text += value
        }
      }
      void pump().catch(() => {})
      return { text: () => text, close: () => stop.abort() }
    }
    const bob = await system.as({ sub: 'bob', email: 'bob@example.com' })
    const carol = await system.as({ sub: 'carol', email: 'carol@example.com' })
    const [theirs, others, all] = [await open(bob), await open(carol), await open(admin)]
    const { token, id } = await begin({ operationType: 'watched', recipient: 'bob@example.com' })
    await begin({ operationType: 'unwatched', recipient: 'bob@example.com' })
    await until(() => theirs.text().includes('"version":1'))
    await system.call('POST', '/v1/pending-operations/consume', { token, operationType: 'watched' }, alice)
    await until(() => theirs.text().includes('"status":"consumed"') && all.text().includes('"status":"consumed"'))
    expect(theirs.text()).toContain(id)
    expect(theirs.text()).not.toContain('unwatched')
    expect(others.text()).not.toContain(id)
    await system.call('DELETE', `/v1/pending-operations/${id}`, undefined, alice)
    await until(() => theirs.text().includes('"status":"expired"'))
    for (const stream of [theirs, others, all]) stream.close()
  })

  it('ends soon after its API key is revoked', { timeout: 30_000 }, async () => {
    const made = await system.call('POST', '/v1/api-keys', { name: 'stream', scopes: ['pending_operations'] }, admin)
    const answer = await fetch(`${system.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${String(made.body['key'])}`, 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: 'subscription { pendingOperationChanged { token } }' }),
    })
    expect(answer.status).toBe(200)
    expect((await system.call('DELETE', `/v1/api-keys/${String(made.body['id'])}`, undefined, admin)).status).toBe(204)
    const startedAt = performance.now()
    // However it ends: a stream that is cut is over, too.
    await answer.text().catch(() => {})
    expect(performance.now() - startedAt).toBeLessThan(10_000)
  })
})

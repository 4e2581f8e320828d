// Envelopes over HTTP with real processes: sent, signed in the signers' pages, followed, taken back; whose they are, and what a worker that dies leaves.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeRedis, openRedis, type RedisConnection } from '../../src/stores/redis/connections.ts'
import { envelopeThatIs, openSignerBrowser, sendEnvelope, signerLink } from '../support/envelope-http.ts'
import { endedDocument, processPdf, storeUpload } from '../support/documents.ts'
import { startFreezingProxy } from '../support/freezing-proxy.ts'
import { until } from '../support/infra.ts'
import { textPdf } from '../support/pdf-files.ts'
import { startSystem, type System } from '../support/system.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-envelopes-e2e-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Every value of the database, as far as it is text. */
async function dumpRedis(redis: RedisConnection): Promise<string> {
  const values = (await redis.keys('*')).map(async (key) => {
    const kind = await redis.type(key)
    if (kind === 'hash') return redis.hgetall(key)
    if (kind === 'string') return redis.get(key)
    if (kind === 'zset') return redis.zrange(key, '0', '-1')
    if (kind === 'list') return redis.lrange(key, 0, -1)
    if (kind === 'set') return redis.smembers(key)
    return kind === 'stream' ? redis.xrange(key, '-', '+') : kind
  })
  return JSON.stringify(await Promise.all(values))
}

type Nodes = { nodes: { id?: string; type?: string; sequence?: number; hash?: string }[]; ok?: boolean; totalCount?: number }

describe('envelopes', { timeout: 120_000 }, () => {
  let system: System
  let alice: Record<string, string>
  let bob: Record<string, string>
  let documentId: string
  beforeAll(async () => {
    system = await startSystem({ env: { STORAGE_URL: `file:${folder}` } })
    alice = await system.as({ sub: 'alice', email: 'alice@example.com' })
    bob = await system.as({ sub: 'bob', email: 'bob@example.com' })
    documentId = String((await processPdf(system, alice, textPdf(['This agreement is made between Ada and Ben.', 'Signatures:'])))['id'])
  }, 60_000)

  const ada = { name: 'Ada Shikongo', email: 'ada@example.com' }
  const ben = { name: 'Ben Müller', email: 'ben@example.com' }
  const signers = [ada, ben]

  it('goes through the pages of two signers in order, each with a link of their own, until both have signed', async () => {
    const made = await sendEnvelope(system, alice, { documentId, order: 'sequential', signers })
    expect(made).toMatchObject({ status: 'sent', documentId, title: 'A title', sequence: 1, signers: [ada, ben] })
    const first = openSignerBrowser(system, await signerLink(system, ada.email))
    expect(system.standins.outbox.list(ben.email)).toEqual([])
    await first.sign(ada.email, ada.name)
    const half = await envelopeThatIs(system, alice, made.id, ['partially_signed'])
    expect(half).toMatchObject({
      signers: [
        { status: 'signed', signedAt: expect.any(String) },
        { status: 'invited', signedAt: null },
      ],
    })
    const second = openSignerBrowser(system, await signerLink(system, ben.email))
    await second.sign(ben.email, ben.name)
    const whole = await envelopeThatIs(system, alice, made.id, ['sealing', 'completed'])
    expect(whole).toMatchObject({ signers: [{ status: 'signed' }, { status: 'signed' }], seal: { step: expect.any(String) } })

    const acts = (await system.call('GET', `/v1/envelopes/${made.id}/acts`, undefined, alice)).body as Nodes
    expect(acts.ok).toBe(true)
    const types = acts.nodes.map(({ type = '' }) => type.slice('envelope.'.length))
    expect(types.slice(0, 15)).toEqual(
      'sent prepared invited viewed verified reviewed consented signed invited viewed verified reviewed consented signed sealing'.split(
        ' ',
      ),
    )
    // The trail holds the same hashes, by type and sequence.
    const admin = await system.as({ sub: 'root', roles: ['admin'] })
    const trail = await until(async () => {
      const { body } = await system.call('GET', `/v1/audit?subject=${made.id}&first=100`, undefined, admin)
      const nodes = (body['nodes'] as { action: string; subjectSequence: number; data: { hash?: string } }[]).filter(({ action }) =>
        action.startsWith('envelope.'),
      )
      return nodes.length >= 15 ? nodes : null
    })
    const hashes = new Map(trail.map(({ action, subjectSequence, data }) => [`${action} ${subjectSequence}`, data.hash]))
    for (const { type, sequence, hash } of acts.nodes.slice(0, 15)) expect(hashes.get(`${type} ${sequence}`)).toBe(hash)

    // Neither the links nor the cookies, nor whose they are, stand in a log, in Redis or in the trail.
    const redis = openRedis(system.env['REDIS_URL'] ?? '', 'patient', 'test', () => {})
    const dump = await dumpRedis(redis)
    closeRedis(redis)
    const places = {
      logs: [...system.apis, ...system.workers].flatMap(({ lines }) => lines).join('\n'),
      dump,
      trail: JSON.stringify(trail),
    }
    const links = await Promise.all([ada, ben].map(({ email }) => signerLink(system, email)))
    const secrets = [
      ...links.map((link) => link.slice(-43)),
      ...first.cookies.values(),
      ...second.cookies.values(),
      ada.email,
      'Shikongo',
      ben.email,
    ]
    for (const [place, text] of Object.entries(places)) {
      expect(text.length, place).toBeGreaterThan(1_000)
      expect(
        secrets.filter((secret) => text.includes(secret)),
        place,
      ).toEqual([])
    }
  })

  it('is its owner’s: nobody else can see, cancel or follow it, but a signer who is signed in sees it, and admins do', async () => {
    const { id } = await sendEnvelope(system, alice, { documentId, signers: [{ name: 'Carla', email: 'carla@example.com' }] })
    const path = `/v1/envelopes/${id}`
    await signerLink(system, 'carla@example.com')
    for (const [method, address] of [
      ['GET', path],
      ['GET', `${path}/acts`],
      ['POST', `${path}/cancel`],
      ['POST', `${path}/resend`],
    ] as const) {
      const refused = await system.call(method, address, method === 'POST' ? {} : undefined, bob)
      expect([refused.status, refused.body['code']]).toEqual([404, 'envelope_not_found'])
      expect((await system.call(method, address, method === 'POST' ? {} : undefined)).status).toBe(401)
    }
    const carla = await system.as({ sub: 'carla', email: 'carla@example.com' })
    expect((await system.call('GET', path, undefined, carla)).body).toMatchObject({ signers: [{ email: 'carla@example.com' }] })
    expect((await system.call('POST', `${path}/cancel`, {}, carla)).status).toBe(404)
    const seen = await system.call('GET', path, undefined, alice)
    expect(seen.body).toMatchObject({ mails: [{ kind: 'signature_request', signer: 1 }], retention: 'standard', seal: null })
    const mine = (await system.call('GET', '/v1/envelopes?first=100', undefined, alice)).body as Nodes
    expect(mine.nodes.map((node) => node.id)).toContain(id)
    expect((await system.call('GET', '/v1/envelopes', undefined, bob)).body).toMatchObject({ nodes: [], totalCount: 0 })
    const canceled = await system.call('POST', `${path}/cancel`, { reason: 'Wrong file.' }, alice)
    expect([canceled.status, canceled.body['status']]).toEqual([200, 'canceled'])
    expect((await system.call('POST', `${path}/resend`, {}, alice)).body['code']).toBe('not_updatable')
  })

  it('is made once for an Idempotency-Key, and bad requests are told by pointer', async () => {
    const body = { documentId, requiredClass: 'party_agreed', order: 'parallel', signers: [{ name: 'Dora', email: 'dora@example.com' }] }
    const key = { ...alice, 'idempotency-key': 'once' }
    const [first, again] = [await system.call('POST', '/v1/envelopes', body, key), await system.call('POST', '/v1/envelopes', body, key)]
    expect([first.status, again.status, again.headers.get('idempotent-replayed')]).toEqual([202, 202, 'true'])
    expect(again.headers.get('location')).toBe(first.headers.get('location'))
    const { id } = first.body as { id: string }
    await signerLink(system, 'dora@example.com')
    expect((await system.call('POST', `/v1/envelopes/${id}/cancel`, {}, alice)).status).toBe(200)
    const late = await system.call('POST', '/v1/envelopes', body, key)
    expect([late.status, late.headers.get('idempotent-replayed'), late.text]).toEqual([202, 'true', first.text])
    const other = await system.call('POST', '/v1/envelopes', { ...body, order: 'sequential' }, key)
    expect(other.body['code']).toBe('idempotency_key_reused')
    const wrong = await system.call('POST', '/v1/envelopes', { ...body, signers: [{ name: '', email: 'x' }], colour: 'red' }, alice)
    expect(wrong.status).toBe(400)
    expect((wrong.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer).toSorted()).toEqual([
      '/colour',
      '/signers/0/email',
      '/signers/0/name',
    ])
    const email = await system.call('POST', '/v1/envelopes', { ...body, signers: [{ name: 'X', email: 'no address' }] }, alice)
    expect(email.body).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/signers/0/email' }] })
    const foreign = await system.call('POST', '/v1/envelopes', body, bob)
    expect([foreign.status, foreign.body['code']]).toEqual([404, 'document_not_found'])
  })

  it('finds documents answered alike: a repeat gets the first answer, also once the document is processed', async () => {
    const uploadId = await storeUpload(system, alice, textPdf(['Asked for twice.']))
    const ask = () => system.call('POST', '/v1/documents', { uploadId, title: 'x' }, { ...alice, 'idempotency-key': 'twice' })
    const first = await ask()
    await endedDocument(system, alice, first.headers.get('location') ?? '')
    const again = await ask()
    expect([again.status, again.headers.get('idempotent-replayed'), again.text]).toEqual([202, 'true', first.text])
  })

  it('has an ETag that is another one whenever the answer is another, also by a mail alone, and is not sent again to who has seen it', async () => {
    const email = 'greta@example.com'
    const { id } = await sendEnvelope(system, alice, { documentId, signers: [{ name: 'Greta', email }] })
    const path = `/v1/envelopes/${id}`
    await signerLink(system, email)
    const mailed = await until(async () => {
      const answer = await system.call('GET', path, undefined, alice)
      return (answer.body['mails'] as { status: string }[])[0]?.status === 'sent' ? answer : null
    })
    const tag = mailed.headers.get('etag') ?? ''
    expect(tag).toMatch(new RegExp(`^"${String(mailed.body['sequence'])}\\.[\\w-]{16}"$`))
    const same = await system.call('GET', path, undefined, { ...alice, 'if-none-match': `"old", W/${tag}` })
    expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', tag])
    const client = new Client({ connectionString: system.env['DATABASE_URL'] })
    await client.connect()
    await client.query(`update notices set reason = 'bounced' where envelope_id = $1`, [id])
    await client.end()
    const changed = await system.call('GET', path, undefined, { ...alice, 'if-none-match': tag })
    expect(changed.status).toBe(200)
    expect(changed.body['sequence']).toBe(mailed.body['sequence'])
    expect(changed.headers.get('etag')).not.toBe(tag)
    // A signer sees a part of it, and that part has a tag of its own.
    const greta = await system.as({ sub: 'greta', email })
    expect((await system.call('GET', path, undefined, { ...greta, 'if-none-match': tag })).status).toBe(200)
  })

  it('takes API keys that were made for it', async () => {
    const admin = await system.as({ sub: 'root', roles: ['admin'] })
    const keyFor = async (scope: string) => {
      const made = await system.call('POST', '/v1/api-keys', { name: scope, scopes: [scope] }, admin)
      return { authorization: `Bearer ${String(made.body['key'])}` }
    }
    expect((await system.call('GET', '/v1/envelopes', undefined, await keyFor('documents'))).status).toBe(403)
    expect((await system.call('GET', '/v1/envelopes', undefined, await keyFor('envelopes'))).status).toBe(200)
  })

  it('expires by itself, and asks again when it is told to', async () => {
    const email = 'emil@example.com'
    const { id } = await sendEnvelope(system, alice, { documentId, signers: [{ name: 'Emil', email }], expiresIn: 60 })
    await signerLink(system, email)
    const again = await system.call('POST', `/v1/envelopes/${id}/resend`, { signer: 1 }, alice)
    expect(again.status).toBe(202)
    await until(() => system.standins.outbox.list(email).length === 2)
    // A minute is long: its end is brought near.
    const client = new Client({ connectionString: system.env['DATABASE_URL'] })
    await client.connect()
    await client.query(`update envelopes set expires_at = now(), due_at = now(), look_at = now() where id = $1`, [id])
    await client.end()
    expect(await envelopeThatIs(system, alice, id, ['expired'])).toMatchObject({ endedAt: expect.any(String) })
    await until(async () => {
      const { body } = await system.call('GET', `/v1/envelopes/${id}`, undefined, alice)
      return (body['mails'] as { kind: string }[]).some(({ kind }) => kind === 'envelope_expired')
    })
    const page = await openSignerBrowser(system, await signerLink(system, email)).open()
    expect(page.status).toBeLessThan(500)
    expect(page.text).not.toContain('A title')
  })
})

describe('a Postgres that hangs', { timeout: 120_000 }, () => {
  it('keeps no signer waiting: the page and its forms say in time that it is no good moment', async () => {
    const system = await startSystem({ env: { STORAGE_URL: `file:${folder}/hangs` } })
    const alice = await system.as({ sub: 'alice' })
    const email = 'hanna@example.com'
    await sendEnvelope(system, alice, { signers: [{ name: 'Hanna', email }] })
    const link = await signerLink(system, email)
    const direct = new URL(system.env['DATABASE_URL'] ?? '')
    const proxy = await startFreezingProxy(Number(direct.port))
    afterAll(() => proxy.close())
    const api = await system.startApi({ DATABASE_URL: direct.href.replace(`:${direct.port}/`, `:${proxy.port}/`) })
    const page = await system.call('GET', link, undefined, {}, api)
    expect(page.status).toBe(200)
    const nonce = /name="nonce" value="([^"]*)"/.exec(page.text)?.[1] ?? ''
    const form = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
    const body = new URLSearchParams({ nonce }).toString()
    proxy.freeze()
    for (const ask of [
      () => system.call('GET', link, undefined, {}, api),
      () => system.call('POST', `${link}/identify`, body, form, api),
    ]) {
      const startedAt = performance.now()
      const answer = await ask()
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
      // Two looks at 700 ms each; the rest is for a busy machine. The other parts of the API wait 6 s for a query.
      expect(performance.now() - startedAt).toBeLessThan(4_000)
    }
    proxy.thaw()
    await until(async () => (await system.call('GET', link, undefined, {}, api)).status === 200)
  })
})

describe('a worker that is killed', { timeout: 120_000 }, () => {
  it('loses no envelope: each is made ready, and every signer is asked once', async () => {
    const system = await startSystem({ workers: 2, env: { STORAGE_URL: `file:${folder}/killed` } })
    const alice = await system.as({ sub: 'alice' })
    const documentId = (await processPdf(system, alice, textPdf(['An agreement.'])))['id']
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        sendEnvelope(system, alice, { documentId, signers: [{ name: 'X', email: `killed-${n}@example.com` }] }),
      ),
    )
    await system.workers[0]?.kill()
    for (const { id } of made) {
      await until(
        async () => {
          const { body } = await system.call('GET', `/v1/envelopes/${id}`, undefined, alice)
          return (body['signers'] as { invitedAt: string | null }[])[0]?.invitedAt
        },
        { timeoutMs: 60_000 },
      )
      const acts = (await system.call('GET', `/v1/envelopes/${id}/acts`, undefined, alice)).body as Nodes
      expect(acts).toMatchObject({
        ok: true,
        nodes: [{ type: 'envelope.sent' }, { type: 'envelope.prepared' }, { type: 'envelope.invited' }],
      })
      const { body } = await system.call('GET', `/v1/envelopes/${id}`, undefined, alice)
      expect(body['mails']).toHaveLength(1)
    }
  })
})

// Webhooks out with every process real: registered over HTTP, told by workers, logged, replayed; what is given up can be redriven.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/infra.ts'
import { codeIn, startSystem, type System } from '../support/system.ts'

type Seen = { headers: IncomingHttpHeaders; body: string }

const endpoints = '/v1/webhook-endpoints'
let system: System
let admin: Record<string, string>
const seen: Seen[] = []
let status = 200
const server = createServer((req, res) => {
  let body = ''
  req.on('data', (chunk: Buffer) => (body += String(chunk)))
  req.on('end', () => {
    seen.push({ headers: req.headers, body })
    res.writeHead(status).end()
  })
})

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  system = await startSystem({ workers: 2, env: { WEBHOOK_ALLOW_PRIVATE: 'true' } })
  admin = await system.as({ sub: 'root', roles: ['admin'] })
})
afterAll(() => server.close().closeAllConnections())

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
const typesSeen = (): unknown[] => seen.map(({ body }) => (JSON.parse(body) as { type: string }).type)
type Nodes = { nodes: Record<string, unknown>[]; totalCount: number }

describe('webhooks', () => {
  it('tell every step of a verification, signed, and never the code or the number', async () => {
    const made = await system.call('POST', endpoints, { url: url(), events: ['verification.*'], scheme: 'hmac' }, admin)
    expect(made.status).toBe(201)
    expect(made.headers.get('cache-control')).toBe('no-store')
    const secret = String(made.body['secret'])
    const to = '+14155550111'
    const { body } = await system.call('POST', '/v1/verifications', { channel: 'sms', to })
    const code = codeIn((await system.message(to)).text)
    await system.call('POST', `/v1/verifications/${body['id']}/check`, { code })
    await until(() => typesSeen().includes('verification.approved'), { timeoutMs: 20_000 })
    expect(typesSeen()).toContain('verification.queued')
    for (const { headers, body: text } of seen) {
      expect(new Webhook(secret).verify(text, headers as Record<string, string>)).toMatchObject({
        data: { subject: `verification:${body['id']}` },
      })
      expect(text).not.toContain(code)
      expect(text).not.toContain('4155550111')
    }
    const read = await system.call('GET', `${endpoints}/${made.body['id']}`, undefined, admin)
    expect(read.text).not.toContain(secret)
    const log = (await system.call('GET', `${endpoints}/${made.body['id']}/deliveries?first=100`, undefined, admin))
      .body as unknown as Nodes
    expect(log.totalCount).toBeGreaterThanOrEqual(3)
    expect(log.nodes.every((delivery) => /^(delivered|pending)$/.test(String(delivery['status'])))).toBe(true)
    expect((await system.call('DELETE', `${endpoints}/${made.body['id']}`, undefined, admin)).status).toBe(204)
    expect((await system.call('GET', `${endpoints}/${made.body['id']}`, undefined, admin)).status).toBe(404)
  })

  it('arrive once the receiver is back, and can be sent again', async () => {
    const { body: endpoint } = await system.call('POST', endpoints, { url: url(), events: ['nothing.at_all'], scheme: 'ed25519' }, admin)
    expect(endpoint['publicKey']).toMatch(/^whpk_/)
    status = 500
    const before = seen.length
    const tested = await system.call('POST', `${endpoints}/${endpoint['id']}/test`, undefined, admin)
    expect(tested.status).toBe(202)
    await until(() => seen.length === before + 1)
    status = 200
    const deliveries = async () =>
      ((await system.call('GET', `${endpoints}/${endpoint['id']}/deliveries`, undefined, admin)).body as unknown as Nodes).nodes
    await until(async () => (await deliveries())[0]?.['status'] === 'delivered', { timeoutMs: 20_000 })
    expect(seen.at(-1)?.headers['webhook-id']).toBe(seen.at(-2)?.headers['webhook-id'])
    expect((await system.call('POST', `/v1/webhook-deliveries/${tested.body['deliveryId']}/replay`, undefined, admin)).status).toBe(202)
    await until(async () => ((await deliveries())[0]?.['attempts'] as unknown[] | undefined)?.length === 3)
    expect((await system.call('PATCH', `${endpoints}/${endpoint['id']}`, { enabled: false }, admin)).body).toMatchObject({
      enabled: false,
      disabledReason: 'owner',
    })
    expect((await system.call('POST', `${endpoints}/${endpoint['id']}/test`, undefined, admin)).body).toMatchObject({
      code: 'endpoint_disabled',
    })
  })

  it('that were given up are dead letters, and are put back in line', async () => {
    const { body: endpoint } = await system.call('POST', endpoints, { url: url(), events: ['nothing.at_all'] }, admin)
    status = 410
    const { body: tested } = await system.call('POST', `${endpoints}/${endpoint['id']}/test`, undefined, admin)
    const letters = async () =>
      ((await system.call('GET', '/v1/dead-letters?queue=webhooks', undefined, admin)).body as unknown as Nodes).nodes
    await until(async () => (await letters()).some(({ id, reason }) => id === tested['deliveryId'] && reason === 'gone'))
    await system.call('PATCH', `${endpoints}/${endpoint['id']}`, { enabled: true }, admin)
    status = 200
    const request = { queue: 'webhooks', ids: [tested['deliveryId']] }
    expect((await system.call('POST', '/v1/dead-letters/redrive', { ...request, dryRun: true }, admin)).body).toMatchObject({
      matched: 1,
      redriven: 0,
      remaining: 1,
    })
    expect((await system.call('POST', '/v1/dead-letters/redrive', { ...request, rate: 10 }, admin)).body).toMatchObject({
      matched: 1,
      redriven: 1,
      remaining: 0,
    })
    await until(async () => !(await letters()).some(({ id }) => id === tested['deliveryId']))
    expect((await system.call('POST', '/v1/dead-letters/redrive', { queue: 'none' }, admin)).status).toBe(400)
    const path = `/v1/audit?subject=webhook_delivery:${tested['deliveryId']}`
    const actions = await until(async () => {
      const { nodes } = (await system.call('GET', path, undefined, admin)).body as unknown as Nodes
      return nodes.length === 2 ? nodes.map(({ action }) => action) : undefined
    })
    expect(actions).toEqual(['webhook_delivery.replayed', 'webhook_delivery.dead'])
  })

  it('take no address that is not public where they may not, and nobody but admins sets them up', async () => {
    const strict = await system.startApi({ WEBHOOK_ALLOW_PRIVATE: 'false' })
    for (const bad of [
      'http://example.com/',
      'https://127.0.0.1/',
      'https://[::1]/',
      'https://localhost/x',
      'https://169.254.169.254/',
      'https://0x7f000001/',
    ]) {
      const refused = await system.call('POST', endpoints, { url: bad, events: ['*'] }, admin, strict)
      expect([refused.status, (refused.body['errors'] as { pointer: string }[])[0]?.pointer]).toEqual([400, '/url'])
    }
    const alice = await system.as({ sub: 'alice' })
    expect((await system.call('POST', endpoints, { url: 'https://example.com/', events: ['*'] }, alice)).status).toBe(403)
    expect((await system.call('GET', '/v1/dead-letters', undefined, alice)).status).toBe(403)
  })
})

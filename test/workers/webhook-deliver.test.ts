// Deliveries from end to end within one process: real Redis, queues and Postgres, receivers that misbehave in every way. Nothing is lost.
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWebhookParts } from '../../src/bin/event-parts.ts'
import type { WebhookDelivery } from '../../src/domain/event-ports.ts'
import { deliverWebhook } from '../../src/domain/webhooks/deliver.ts'
import { listDeliveries, replayDelivery, sendTest } from '../../src/domain/webhooks/deliveries.ts'
import { changeEndpoint, createEndpoint, rotateEndpointKey } from '../../src/domain/webhooks/endpoints.ts'
import { mostTries } from '../../src/domain/webhooks/schedule.ts'
import type { WebhookEndpointWithSecret } from '../../src/contracts/webhook.ts'
import { queueOwed } from '../../src/workers/loops/owed.ts'
import { deliveriesOwed, deliveryJob } from '../../src/workers/loops/webhooks-owed.ts'
import { createManualClock } from '../support/domain.ts'
import { createTrail, type TestTrail } from '../support/trail.ts'
import { isSignedBy } from '../support/webhooks.ts'

type Seen = { headers: IncomingHttpHeaders; body: string }

const trace = { requestId: 'r', actor: 'a' }
const never = new AbortController().signal
const clock = createManualClock()
let trail: TestTrail
let parts: ReturnType<typeof createWebhookParts>
const closers: (() => void)[] = []

beforeAll(async () => {
  trail = await createTrail()
  parts = createWebhookParts(trail.pool, { WEBHOOK_ALLOW_PRIVATE: true })
})
afterAll(() => closers.forEach((close) => close()))

const deps = () => ({ ...parts, clock, keyring: trail.keyring })
const soon = () => Promise.resolve()

async function receiver(answer: RequestListener): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = []
  const server = createServer((req, res) => {
    let body = ''
    req.on('data', (chunk: Buffer) => (body += String(chunk)))
    req.on('end', () => {
      seen.push({ headers: req.headers, body })
      answer(req, res)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close().closeAllConnections())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, seen }
}

const status =
  (code: number, headers: Record<string, string> = {}): RequestListener =>
  (_req, res) =>
    void res.writeHead(code, headers).end()

/** A new endpoint for a type that no other test uses, and one event of it, drained. */
async function told(answer: RequestListener, scheme: 'ed25519' | 'hmac' = 'hmac') {
  const { url, seen } = await receiver(answer)
  const type = `test${closers.length}.happened`
  const endpoint = await createEndpoint(deps(), { url, events: [type], scheme }, trace)
  await trail.write(1, type)
  await trail.drain('webhooks')
  return { endpoint, seen, type }
}

async function onlyDelivery({ id }: { id: string }): Promise<WebhookDelivery> {
  const { deliveries } = await parts.webhooks.deliveries(id, undefined, 10)
  expect(deliveries).toHaveLength(1)
  return deliveries[0] as WebhookDelivery
}

/** Moves the clock to when the delivery is due and makes the try. */
async function tryNow(endpoint: { id: string }): Promise<{ outcome: string; delivery: WebhookDelivery }> {
  const before = await onlyDelivery(endpoint)
  clock.advance(Math.max(0, before.nextAttemptAtMs - clock.nowMs()))
  const { outcome } = await deliverWebhook(deps(), { deliveryId: before.id, attempt: before.attempts + 1 }, { signal: never })
  return { outcome, delivery: await onlyDelivery(endpoint) }
}

describe('a delivery', () => {
  it('arrives signed, once, with the id of the event, which audit knows as well', async () => {
    const { endpoint, seen, type } = await told(status(204))
    expect(await tryNow(endpoint)).toMatchObject({ outcome: 'delivered', delivery: { status: 'delivered', attempts: 1 } })
    const [{ headers, body }] = seen as [Seen]
    expect(new Webhook(endpoint.secret ?? '').verify(body, headers as Record<string, string>)).toMatchObject({
      type,
      data: { n: expect.any(String) },
    })
    await trail.drain('audit')
    const entries = await trail.audit.read(0, 1_000)
    expect(entries.find(({ action }) => action === type)?.id).toBe(headers['webhook-id'])
    const again = await onlyDelivery(endpoint)
    expect(await deliverWebhook(deps(), { deliveryId: again.id, attempt: 1 }, { signal: never })).toEqual({ outcome: 'done_before' })
    expect(seen).toHaveLength(1)
  })

  it('is planned once, however often its event is drained', async () => {
    const { endpoint, type } = await told(status(204))
    const forgetful = { ...trail.streams, acknowledge: () => Promise.reject(new Error('lost')) }
    await trail.write(1, type)
    const { drainOnce } = await import('../../src/workers/loops/event-drain.ts')
    await drainOnce(trail.drainDeps('webhooks', { streams: forgetful })).catch(() => {})
    await trail.drain('webhooks')
    expect((await parts.webhooks.deliveries(endpoint.id, undefined, 10)).deliveries).toHaveLength(2)
  })

  it('keeps its id over all ten tries of three days to a receiver that is down, is then dead, and is replayed whole', async () => {
    let isUp = false
    const { endpoint, seen } = await told((_req, res) => res.writeHead(isUp ? 200 : 500).end())
    const startedAtMs = clock.nowMs()
    for (let tries = 1; tries < mostTries; tries++)
      expect(await tryNow(endpoint)).toMatchObject({ outcome: 'failed_once', delivery: { status: 'pending', attempts: tries } })
    expect(await tryNow(endpoint)).toMatchObject({ outcome: 'dead', delivery: { status: 'dead', reason: 'status_500' } })
    expect((clock.nowMs() - startedAtMs) / 86_400_000).toBeGreaterThan(3)
    expect(new Set(seen.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(seen.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(mostTries)
    const { deliveries } = await parts.webhooks.dead(undefined, 100)
    const dead = await onlyDelivery(endpoint)
    expect(deliveries.map(({ id }) => id)).toContain(dead.id)
    isUp = true
    await replayDelivery(deps(), dead.id, trace, soon)
    await expect(replayDelivery(deps(), dead.id, trace, soon)).rejects.toMatchObject({ code: 'delivery_pending' })
    expect(await tryNow(endpoint)).toMatchObject({ outcome: 'delivered', delivery: { attempts: mostTries + 1 } })
    expect(seen.at(-1)?.headers['webhook-id']).toBe(seen[0]?.headers['webhook-id'])
    const log = await listDeliveries(deps(), endpoint.id, { first: 10 })
    expect(log.nodes[0]?.attempts.map(({ outcome }) => outcome)).toEqual([
      ...Array.from({ length: mostTries }, () => 'status_500'),
      'delivered',
    ])
  })

  it.each([
    ['redirecting', status(302, { location: 'http://127.0.0.1:1/' }), 'redirect'],
    ['refusing', status(400), 'status_400'],
    ['hanging up', (req: Parameters<RequestListener>[0]) => void req.socket.destroy(), 'connection'],
  ] as const)('to a receiver that is %s is tried again', async (_how, answer, reason) => {
    const { endpoint } = await told(answer)
    expect(await tryNow(endpoint)).toMatchObject({ outcome: 'failed_once', delivery: { status: 'pending', reason } })
  })

  it('waits as long as Retry-After says', async () => {
    const { endpoint } = await told(status(429, { 'retry-after': '3600' }))
    const { delivery } = await tryNow(endpoint)
    expect(delivery.nextAttemptAtMs - clock.nowMs()).toBeGreaterThan(3_500_000)
  })

  it('answered with 410 disables the endpoint, and what was still to come is dead and not lost', async () => {
    const { endpoint, type, seen } = await told(status(410))
    await trail.write(1, type)
    await trail.drain('webhooks')
    const { deliveries } = await parts.webhooks.deliveries(endpoint.id, undefined, 10)
    for (const { id } of deliveries) await deliverWebhook(deps(), { deliveryId: id, attempt: 1 }, { signal: never })
    expect(seen).toHaveLength(1)
    expect(await parts.webhooks.find(endpoint.id)).toMatchObject({ disabledReason: 'gone' })
    const after = (await parts.webhooks.deliveries(endpoint.id, undefined, 10)).deliveries
    expect(after.map(({ status, reason }) => `${status} ${reason}`).toSorted()).toEqual(['dead endpoint_disabled', 'dead gone'])
    await trail.write(1, type)
    await trail.drain('webhooks')
    expect((await parts.webhooks.deliveries(endpoint.id, undefined, 10)).deliveries).toHaveLength(2)
    expect(await changeEndpoint(deps(), endpoint.id, { enabled: true }, trace)).toMatchObject({ enabled: true })
  })

  it('that is under way is not made twice, until the worker that had it is surely dead', async () => {
    const { endpoint, seen } = await told(status(200))
    const { id } = await onlyDelivery(endpoint)
    expect(await parts.webhooks.claim(id, 1, clock.nowMs(), 30_000, 10)).toMatchObject({ kind: 'go' })
    await expect(deliverWebhook(deps(), { deliveryId: id, attempt: 1 }, { signal: never })).rejects.toMatchObject({
      name: 'RetryLater',
      message: 'endpoint_busy',
    })
    clock.advance(31_000)
    expect(await deliverWebhook(deps(), { deliveryId: id, attempt: 1 }, { signal: never })).toEqual({ outcome: 'delivered' })
    expect(seen).toHaveLength(1)
  })

  it('whose worker is stopped in the middle is given back at once', async () => {
    const arrived = Promise.withResolvers<void>()
    const { endpoint } = await told(() => arrived.resolve())
    const { id } = await onlyDelivery(endpoint)
    const stop = new AbortController()
    const running = deliverWebhook(deps(), { deliveryId: id, attempt: 1 }, { signal: stop.signal })
    await arrived.promise
    stop.abort()
    await expect(running).rejects.toMatchObject({ message: 'aborted' })
    expect(await parts.webhooks.claim(id, 1, clock.nowMs(), 30_000, 10)).toMatchObject({ kind: 'go' })
  })
})

describe('one endpoint', () => {
  it('has ten tries under way at most', async () => {
    const { endpoint, type } = await told(status(200))
    await trail.write(11, type)
    await trail.drain('webhooks')
    const { deliveries } = await parts.webhooks.deliveries(endpoint.id, undefined, 20)
    const claims = await Promise.all(deliveries.map(({ id }) => parts.webhooks.claim(id, 1, clock.nowMs(), 30_000, 10)))
    expect(claims.map(({ kind }) => kind).toSorted()).toEqual([
      ...Array.from({ length: 2 }, () => 'busy'),
      ...Array.from({ length: 10 }, () => 'go'),
    ])
  })

  it('checks Ed25519 by its public key, and both keys during a rotation', async () => {
    const { endpoint, seen, type } = await told(status(200), 'ed25519')
    expect(endpoint.secret).toBeUndefined()
    const rotated: WebhookEndpointWithSecret = await rotateEndpointKey(deps(), endpoint.id, 3_600, trace)
    expect(rotated.publicKey).not.toBe(endpoint.publicKey)
    expect(rotated.previousPublicKey).toBe(endpoint.publicKey)
    await tryNow(endpoint)
    const { headers, body } = seen[0] as Seen
    for (const key of [endpoint.publicKey, rotated.publicKey])
      expect(isSignedBy(key ?? '', headers as Record<string, string>, body)).toBe(true)
    clock.advance(3_600_001)
    await trail.write(1, type)
    await trail.drain('webhooks')
    const { deliveries } = await parts.webhooks.deliveries(endpoint.id, undefined, 10)
    await deliverWebhook(deps(), { deliveryId: deliveries[0]?.id ?? '', attempt: 1 }, { signal: never })
    const last = seen[1] as Seen
    expect(isSignedBy(rotated.publicKey ?? '', last.headers as Record<string, string>, last.body)).toBe(true)
    expect(isSignedBy(endpoint.publicKey ?? '', last.headers as Record<string, string>, last.body)).toBe(false)
  })

  it('keeps no secret in clear', async () => {
    const { endpoint } = await told(status(200))
    const { rows } = await trail.pool.query('select row_to_json(e) as row from webhook_endpoints e')
    const { rows: events } = await trail.pool.query('select row_to_json(o) as row from event_outbox o')
    const secret = (endpoint.secret ?? '').replace('whsec_', '')
    expect(secret.length).toBeGreaterThan(40)
    expect(JSON.stringify([rows, events])).not.toContain(secret)
  })

  it('gets a test event when it is asked for, unless it is disabled', async () => {
    const { endpoint, seen } = await told(status(200))
    await tryNow(endpoint)
    const id = await sendTest(deps(), endpoint.id, soon)
    await deliverWebhook(deps(), { deliveryId: id, attempt: 1 }, { signal: never })
    expect(JSON.parse(seen[1]?.body ?? '')).toMatchObject({
      type: 'webhook_endpoint.test',
      data: { subject: `webhook_endpoint:${endpoint.id}` },
    })
    await changeEndpoint(deps(), endpoint.id, { enabled: false }, trace)
    await expect(sendTest(deps(), endpoint.id, soon)).rejects.toMatchObject({ code: 'endpoint_disabled' })
  })
})

describe('what is owed', () => {
  it('gets its job when it has none or a spent one, and is left alone while its job is on its way', async () => {
    const { endpoint } = await told(status(200))
    const { id } = await onlyDelivery(endpoint)
    const presence: Record<string, 'pending' | 'ended' | 'missing'> = { [id]: 'missing' }
    const did: string[] = []
    const of = (job: { payload: object }) => (job.payload as { deliveryId: string }).deliveryId
    const jobs = {
      add: async (job: { payload: object }) => void (of(job) === id && did.push('add')),
      presence: async (job: { payload: object }) => presence[of(job)] ?? 'pending',
      forget: async (job: { payload: object }) => void (of(job) === id && did.push('forget')),
    }
    const owed = () => queueOwed({ owed: deliveriesOwed(parts.webhooks), jobs, clock })
    clock.advance(10_000)
    await owed()
    await owed()
    expect(did).toEqual(['add'])
    presence[id] = 'ended'
    clock.advance(31_000)
    await owed()
    expect(did).toEqual(['add', 'forget', 'add'])
    presence[id] = 'pending'
    clock.advance(31_000)
    await owed()
    expect(did).toHaveLength(3)
    expect(deliveryJob(id, 1)).toEqual({ name: 'webhook.deliver', payload: { deliveryId: id, attempt: 1 } })
  })
})

// Mails in whole processes: a worker killed in the middle of sending, and whose notifications they are over HTTP.
import { beforeAll, describe, expect, it } from 'vitest'
import { actsGenesis } from '../../src/domain/envelopes/acts.ts'
import { createEnvelopeId } from '../../src/domain/envelopes/id.ts'
import { owedEnvelopeJob } from '../../src/domain/envelopes/jobs.ts'
import { sealEnvelope, sealSigner } from '../../src/domain/envelopes/personal.ts'
import type { EnvelopeRecord } from '../../src/domain/envelope-ports.ts'
import { noticeFor } from '../../src/domain/notices/make.ts'
import { notificationFor } from '../../src/domain/notifications/make.ts'
import { Keyring } from '../../src/lib/keyring.ts'
import { JobProducer } from '../../src/queues/bullmq.ts'
import { createEnvelopeStore } from '../../src/stores/postgres/envelopes.ts'
import { createNoticeStore, keepNotice } from '../../src/stores/postgres/notices.ts'
import { keepNotification } from '../../src/stores/postgres/notifications.ts'
import { createPool, type Pool } from '../../src/stores/postgres/pool.ts'
import { closeRedis, openRedis } from '../../src/stores/redis/connections.ts'
import { partitionTag } from '../../src/stores/redis/keys.ts'
import { until } from '../support/infra.ts'
import { startSystem, type System } from '../support/system.ts'

const each = 30

describe('a worker killed while mails leave', { timeout: 90_000 }, () => {
  let system: System
  let pool: Pool
  let keyring: Keyring
  let producer: JobProducer
  beforeAll(async () => {
    system = await startSystem({ workers: 2, env: { DIGEST_AFTER_SECONDS: '600' } })
    pool = createPool(system.env['DATABASE_URL'] ?? '', () => {}, 2)
    keyring = Keyring.parse(system.env['MASTER_KEYS'] ?? '')
    const redis = openRedis(system.env['REDIS_URL'] ?? '', 'patient', 'test', () => {})
    producer = new JobProducer(redis, 1, partitionTag)
    return async () => {
      await producer.close()
      closeRedis(redis)
      await pool.end()
    }
  })

  it('loses none, repeats none but invitations, and says of which nobody knows', async () => {
    system.standins.mail.setMode({ kind: 'slow', delayMs: 1_500 })
    const notices = createNoticeStore(pool)
    const [open, done] = [await envelope(pool, keyring, 'sent'), await envelope(pool, keyring, 'completed')]
    for (let at = 0; at < each; at++) {
      await owe(pool, keyring, open, 'signature_request', `request-${at}@example.com`)
      await owe(pool, keyring, done, 'envelope_completed', `completed-${at}@example.com`)
    }
    await until(() => system.standins.outbox.list().length > 5, { timeoutMs: 20_000 })
    await system.workers[0]?.kill()
    const all = async () => [...(await notices.ofEnvelope(open.id)), ...(await notices.ofEnvelope(done.id))]
    await until(async () => (await all()).every(({ endedAtMs }) => endedAtMs !== undefined), { timeoutMs: 60_000 })
    const ended = await all()
    expect(ended).toHaveLength(2 * each)
    expect(ended.every(({ status }) => status === 'sent' || status === 'unknown')).toBe(true)
    // No more than were being sent at that moment: what waited for its turn was nobody's yet.
    expect(ended.filter(({ unknowns }) => unknowns > 0).length).toBeLessThanOrEqual(8)
    for (let at = 0; at < each; at++) {
      const [requests, completions] = ['request', 'completed'].map((kind) => system.standins.outbox.list(`${kind}-${at}@example.com`))
      // The kill may have hit before or after the server took it.
      expect(requests?.length).toBeGreaterThanOrEqual(1)
      expect(requests?.length).toBeLessThanOrEqual(2)
      expect(new Set(requests?.map(({ text }) => text)).size).toBe(1)
      expect(completions?.length).toBeLessThanOrEqual(1)
    }
    const unknown = ended.filter(({ status }) => status === 'unknown')
    expect(unknown.every(({ kind }) => kind === 'envelope_completed')).toBe(true)
    const arrived = system.standins.outbox.list().filter(({ to }) => to.startsWith('completed-')).length
    expect(arrived + unknown.length).toBeGreaterThanOrEqual(each)
    system.standins.mail.setMode({ kind: 'accept' })
  })

  it('whose notifications are one’s own are listed, read and gathered into a digest', async () => {
    const alice = await system.as({ sub: 'alice', email: 'alice@example.com' })
    const mallory = await system.as({ sub: 'mallory', email: 'mallory@example.com', roles: ['admin'] })
    const kept = async (audience: { callerKey: string } | { email: string }, title: string, ageMs: number) => {
      const mailTo = { email: 'alice@example.com', locale: 'fr' }
      const shared = { kind: 'signer_signed', subject: 'env_x', text: 'x', isMailed: false, requestId: 'r', partition: 0 } as const
      const made = notificationFor(keyring, { audience, title, mailTo, nowMs: Date.now() - ageMs, ...shared })
      await keepNotification(pool, made)
      return made.id
    }
    const first = await kept({ callerKey: 'user:alice' }, 'Seen at once', 1)
    await kept({ email: 'alice@example.com' }, 'By address', 0)
    const listed = await system.call('GET', '/v1/notifications?first=1', undefined, alice)
    expect(listed.status).toBe(200)
    expect(listed.body).toMatchObject({ nodes: [{ title: 'By address' }], totalCount: 2, unreadCount: 2, pageInfo: { hasNextPage: true } })
    expect(listed.headers.get('cache-control')).toBe('no-store')
    expect((await system.call('GET', '/v1/notifications?unread=maybe', undefined, alice)).body).toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '/unread' }],
    })
    expect((await system.call('GET', '/v1/notifications')).status).toBe(401)
    expect((await system.call('GET', '/v1/notifications', undefined, mallory)).body).toMatchObject({ totalCount: 0, unreadCount: 0 })
    for (const path of [`/v1/notifications/${first}/read`, '/v1/notifications/nonsense/read'])
      expect((await system.call('POST', path, undefined, mallory)).status).toBe(404)
    const read = await system.call('POST', `/v1/notifications/${first}/read`, undefined, alice)
    expect(read).toMatchObject({ status: 200, body: { id: first, title: 'Seen at once', readAt: expect.any(String) } })
    expect((await system.call('POST', `/v1/notifications/${first}/read`, undefined, alice)).body).toEqual(read.body)
    expect((await system.call('GET', '/v1/notifications?unread=true', undefined, alice)).body).toMatchObject({
      totalCount: 1,
      unreadCount: 1,
    })
    await kept({ callerKey: 'user:alice' }, 'Long unseen', 601_000)
    // As the scheduler does each minute.
    await producer.add({ name: 'notification.digest', payload: { partition: 0, slot: 1 } })
    const { subject, text } = await system.message('alice@example.com')
    expect(subject).toBe('Nouvelles notifications : 1')
    expect(text).toContain('• Long unseen')
    expect((await system.call('POST', '/v1/notifications/read-all', undefined, alice)).body).toEqual({ marked: 2, unreadCount: 0 })
    const actions = await until(async () => {
      const path = `/v1/audit?subject=notification:${first}`
      const { nodes } = (await system.call('GET', path, undefined, mallory)).body as unknown as { nodes: { action: string }[] }
      return nodes.length === 2 ? nodes.map(({ action }) => action) : undefined
    })
    expect(actions).toEqual(['notification.read', 'notification.created'])
  })
})

async function envelope(pool: Pool, keyring: Keyring, status: EnvelopeRecord['status']): Promise<EnvelopeRecord> {
  const id = createEnvelopeId(0, keyring.writingTag)
  const nowMs = Date.now()
  const personal = { name: 'Ada', email: 'ada@example.com', locale: 'en', channel: 'email', maskedTo: 'a' } as const
  const record: EnvelopeRecord = {
    id,
    status,
    sequence: 1,
    owner: 'print',
    documentId: 'doc_x',
    documentKey: 'uploads/x/y',
    documentSha256: 'a'.repeat(64),
    documentBytes: 9,
    documentVersion: '1',
    pages: 1,
    isSigned: false,
    requiredClass: 'party_agreed',
    order: 'parallel',
    declarations: {},
    retention: 'standard',
    actsHead: actsGenesis,
    createdAtMs: nowMs,
    preparedAtMs: nowMs,
    expiresAtMs: nowMs + 86_400_000,
    requestId: 'r1',
    sealed: sealEnvelope(keyring, id, { title: 'Lease', locale: 'en', sender: { key: 'user:carol' } }),
    signers: [{ number: 1, status: 'invited', print: '', sealed: sealSigner(keyring, id, 1, personal), invitedAtMs: nowMs }],
  }
  await createEnvelopeStore(pool, keyring, owedEnvelopeJob).create({ record, acts: [], events: [] })
  return record
}

async function owe(
  pool: Pool,
  keyring: Keyring,
  { id }: EnvelopeRecord,
  kind: 'signature_request' | 'envelope_completed',
  email: string,
): Promise<void> {
  const nowMs = Date.now()
  const shared = { envelopeId: id, signer: 1, dueAtMs: nowMs, nowMs, requestId: 'r1', partition: 0 }
  await keepNotice(pool, noticeFor(keyring, { kind, to: { email, locale: 'en' }, ...shared }))
}

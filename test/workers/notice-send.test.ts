// The job notice.send on real queues: mails of later survive a wiped queue and a stopped worker, and wait for a mail server that is away.
import { beforeEach, describe, expect, it } from 'vitest'
import { noticeJob } from '../../src/domain/notices/jobs.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createLog } from '../../src/log.ts'
import { partitionTag } from '../../src/stores/redis/keys.ts'
import { startOwed } from '../../src/workers/loops/owed.ts'
import type { WorkerDeps } from '../../src/workers/processor.ts'
import { createDomain } from '../support/domain.ts'
import { until } from '../support/infra.ts'
import { createNoticeDomain } from '../support/notices.ts'
import { startConsumer, type TestConsumer } from './harness.ts'

const domain = await createDomain()
const notices = await createNoticeDomain()
const { outbox, mail } = notices.standins
const { owed } = notices.deps.notices
const log = createLog('test', 'silent')
// Queues run by the machine's own clock.
const deps = {
  ...domain.deliver,
  ...notices.deps,
  clock: systemClock,
  enqueue: (job, delayMs) => domain.producer.add(job, delayMs),
} as WorkerDeps
const start = (): TestConsumer => startConsumer(domain, { deps, queues: ['mail'], prefixOf: partitionTag })
const later = async (ms: number): Promise<string> =>
  notices.owe('signature_request', await notices.envelope(), 1, { dueAtMs: Date.now() + ms, nowMs: Date.now() })
const isSent = (id: string) => async () => (await notices.read(id)).status === 'sent'

beforeEach(() => {
  outbox.clear()
  mail.setMode({ kind: 'accept' })
})

describe('the job notice.send', () => {
  it('sends a mail that is due, once', async () => {
    const { consumer, runs } = start()
    const id = await later(0)
    await domain.producer.add(noticeJob(id))
    await until(isSent(id))
    await until(() => runs.length === 1)
    await domain.producer.forget(noticeJob(id))
    await domain.producer.add(noticeJob(id))
    await until(() => runs.length === 2)
    expect(runs).toEqual(['mail notice.send sent', 'mail notice.send sent_before'])
    expect(outbox.list()).toHaveLength(1)
    await consumer.close(1_000)
  })

  it('comes back at its time when it was too early', async () => {
    const { consumer, runs } = start()
    const id = await later(700)
    await domain.producer.add(noticeJob(id))
    await until(isSent(id))
    expect(runs[0]).toBe('mail notice.send retry')
    expect(outbox.list()).toHaveLength(1)
    await consumer.close(1_000)
  })

  it('waits for its time while no worker runs, and is sent by the next one', async () => {
    const first = start()
    const id = await later(600)
    await domain.producer.add(noticeJob(id), 600)
    await first.consumer.close(1_000)
    expect(outbox.list()).toEqual([])
    const second = start()
    await until(isSent(id))
    expect(outbox.list()).toHaveLength(1)
    await second.consumer.close(1_000)
  })

  it('is made anew when the queue was wiped', async () => {
    const id = await later(600)
    await domain.producer.add(noticeJob(id), 600)
    await domain.redis.flushdb()
    expect(await domain.producer.presence(noticeJob(id))).toBe('missing')
    const loop = startOwed('notices', { owed, jobs: domain.producer, clock: systemClock, log })
    const { consumer } = start()
    await until(isSent(id))
    expect(outbox.list()).toHaveLength(1)
    await loop.close()
    await consumer.close(1_000)
  })

  it('is made by the loop when nobody queued it', async () => {
    const id = await later(0)
    const loop = startOwed('notices', { owed, jobs: domain.producer, clock: systemClock, log })
    const { consumer } = start()
    await until(isSent(id))
    await loop.close()
    await consumer.close(1_000)
  })

  it('is tried until the mail server is back', async () => {
    mail.setMode({ kind: 'refuse', code: 451, times: 2 })
    const { consumer, runs } = start()
    const id = await later(0)
    await domain.producer.add(noticeJob(id))
    await until(isSent(id), { timeoutMs: 15_000 })
    expect(runs.filter((run) => run.endsWith('retry'))).toHaveLength(2)
    expect(outbox.list()).toHaveLength(1)
    await consumer.close(1_000)
  })

  it('queues the reminder that follows, with its delay', async () => {
    const { consumer } = start()
    const envelope = await notices.envelope({ reminders: { everySeconds: 3_600, max: 1 } })
    const id = await notices.owe('signature_request', envelope, 1, { dueAtMs: Date.now(), nowMs: Date.now() })
    await domain.producer.add(noticeJob(id))
    const reminder = await until(async () =>
      (await notices.deps.notices.ofEnvelope(envelope.id)).find(({ kind }) => kind === 'signature_reminder'),
    )
    await until(async () => (await domain.producer.presence(noticeJob(reminder.id))) === 'pending')
    await consumer.close(1_000)
  })

  it('leaves neither address, link nor token in the queue or the log', async () => {
    const { consumer, lines } = start()
    const id = await later(0)
    await domain.producer.add(noticeJob(id))
    await until(isSent(id))
    const { text = '', to = '' } = outbox.list()[0] ?? {}
    const token = /\/s\/([A-Za-z0-9_-]+)/.exec(text)?.[1] ?? ''
    expect(token.length).toBeGreaterThan(40)
    const keys = await domain.redis.keys('*')
    const dump = await Promise.all(keys.map(async (key) => ((await domain.redis.type(key)) === 'hash' ? domain.redis.hgetall(key) : '')))
    const said = JSON.stringify([dump, lines])
    for (const secret of [to, token, 'Lease of flat 7']) expect(said).not.toContain(secret)
    await consumer.close(1_000)
  })
})

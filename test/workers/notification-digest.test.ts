// The job notification.digest: owes digests, and says so in a word; without Postgres it leaves them to the next minute.
import { expect, it } from 'vitest'
import { AppError } from '../../src/errors.ts'
import { registry } from '../../src/queues/registry.ts'
import { scheduleSlot } from '../../src/workers/loops/scheduler.ts'
import { processNotificationDigest } from '../../src/workers/notification-digest.ts'
import type { WorkerDeps } from '../../src/workers/processor.ts'
import type { JobRequest } from '../../src/domain/ports.ts'
import { replacing } from '../support/domain.ts'
import { createNoticeDomain } from '../support/notices.ts'

const domain = await createNoticeDomain()
const run = (deps: object = {}) =>
  processNotificationDigest(
    { ...domain.deps, ...deps } as WorkerDeps,
    { partition: 0, slot: 1 },
    { fence: { jobMs: 1, starts: 1 }, tries: 1, backoff: registry['notification.digest'].backoff, signal: new AbortController().signal },
  )

it('owes what is due, once', async () => {
  expect(await run()).toEqual({ outcome: 'nothing_due' })
  await domain.notify()
  domain.clock.advance(domain.deps.digestAfterMs)
  expect(await run()).toEqual({ outcome: 'owed' })
  expect(await run()).toEqual({ outcome: 'nothing_due' })
  expect(domain.queued).toHaveLength(1)
})

it('waits for the next minute while Postgres is away', async () => {
  const notifications = replacing(domain.deps.notifications, { oweDigests: () => Promise.reject(new AppError('service_degraded')) })
  expect(await run({ notifications })).toEqual({ outcome: 'postponed' })
})

it('is scheduled once a minute, whatever the partitions', async () => {
  const jobs: JobRequest[] = []
  await scheduleSlot({ add: async (job) => void jobs.push(job), partitions: 3 }, 7)
  expect(jobs.filter(({ name }) => name === 'notification.digest')).toEqual([
    { name: 'notification.digest', payload: { partition: 0, slot: 7 } },
  ])
})

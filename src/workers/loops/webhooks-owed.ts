// Sees to it that every delivery that is due has a job: Postgres says what is due, the queue only carries it. Forgets what ended long ago.
import type { WebhookStore } from '../../domain/event-ports.ts'
import type { JobRequest } from '../../domain/ports.ts'
import { AppError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../lib/durations.ts'
import type { Log } from '../../log.ts'
import { every, type Loop } from './every.ts'

/** What the loop asks of the queues. */
export type DeliveryJobs = {
  add(job: JobRequest): Promise<void>
  presence(job: JobRequest): Promise<'pending' | 'ended' | 'missing'>
  forget(job: JobRequest): Promise<void>
}

export type OwedDeps = { webhooks: WebhookStore; jobs: DeliveryJobs; clock: Clock; log: Log }

const intervalMs = SECOND_MS
/** A delivery whose job is on its way is looked at again after this long. */
const againMs = 30 * SECOND_MS
const batch = 200
const keptMs = 30 * DAY_MS

/** Runs in every worker; two never look at the same row. */
export function startWebhooksOwed(deps: OwedDeps): Loop {
  let forgetAtMs = 0
  return every(
    intervalMs,
    async () => {
      while ((await queueOwed(deps)) === batch);
      if (deps.clock.nowMs() < forgetAtMs) return
      await deps.webhooks.forget(deps.clock.nowMs() - keptMs)
      forgetAtMs = deps.clock.nowMs() + HOUR_MS
    },
    (error) => {
      // That Postgres or Redis is away is told by the drains; the next round comes by itself.
      if (!(error instanceof AppError && error.code === 'service_degraded')) deps.log.warn({ err: error }, 'webhooks owed')
    },
  )
}

/** One batch; how many were looked at. A job that ended without settling its try (given up, removed by hand) is made anew. Exported for tests. */
export async function queueOwed({ webhooks, jobs, clock }: OwedDeps): Promise<number> {
  const owed = await webhooks.owed(batch, clock.nowMs(), againMs)
  await Promise.all(
    owed.map(async ({ id, attempt }) => {
      const job = deliveryJob(id, attempt)
      const presence = await jobs.presence(job)
      if (presence === 'ended') await jobs.forget(job)
      if (presence !== 'pending') await jobs.add(job)
    }),
  )
  return owed.length
}

export function deliveryJob(deliveryId: string, attempt: number): JobRequest {
  return { name: 'webhook.deliver', payload: { deliveryId, attempt } }
}

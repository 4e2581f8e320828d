// Sees to it that work which Postgres says is due has a job: the rows are the truth, the queue only carries it.
import type { JobRequest } from '../../domain/ports.ts'
import { AppError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Log } from '../../log.ts'
import { every, type Loop } from './every.ts'

/** What the loop asks of the queues. */
export type OwedJobs = {
  add(job: JobRequest): Promise<void>
  presence(job: JobRequest): Promise<'pending' | 'ended' | 'missing'>
  forget(job: JobRequest): Promise<void>
}

/** Takes what is due, each for `againMs`: two processes never look at the same row. */
export type OwedSource = (limit: number, nowMs: number, againMs: number) => Promise<readonly JobRequest[]>

export type OwedDeps = { owed: OwedSource; jobs: OwedJobs; clock: Clock; log: Log }

const intervalMs = SECOND_MS
/** What has a job on its way is looked at again after this long. */
const againMs = 30 * SECOND_MS
const batch = 200

/** Runs in every worker. `afterRound` is what else such a loop sees to. */
export function startOwed(name: string, deps: OwedDeps, afterRound?: () => Promise<void>): Loop {
  return every(
    intervalMs,
    async () => {
      while ((await queueOwed(deps)) === batch);
      await afterRound?.()
    },
    (error) => {
      // That Postgres or Redis is away is told by the drains; the next round comes by itself.
      if (!(error instanceof AppError && error.code === 'service_degraded')) deps.log.warn({ err: error }, `${name} owed`)
    },
  )
}

/** One batch; how many were looked at. A job that ended without settling its work (given up, removed by hand) is made anew. Exported for tests. */
export async function queueOwed({ owed, jobs, clock }: Omit<OwedDeps, 'log'>): Promise<number> {
  const due = await owed(batch, clock.nowMs(), againMs)
  await Promise.all(
    due.map(async (job) => {
      const presence = await jobs.presence(job)
      if (presence === 'ended') await jobs.forget(job)
      if (presence !== 'pending') await jobs.add(job)
    }),
  )
  return due.length
}

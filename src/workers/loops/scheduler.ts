// Puts the jobs that are due by the clock on their queues. Every worker does; a slot's job has one id, so that all of them together add it once.
import type { JobRequest } from '../../domain/ports.ts'
import { AppError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { HOUR_MS, SECOND_MS } from '../../lib/durations.ts'
import type { Log } from '../../log.ts'
import { stateCleanupEveryMs } from '../../queues/jobs/state-cleanup.ts'
import { every, type Loop } from './every.ts'

export type SchedulerDeps = { add: (job: JobRequest) => Promise<void>; clock: Clock; log: Log; partitions: number }

const intervalMs = 10 * SECOND_MS

/** Looks every ten seconds, so that a slot is begun soon after its minute has. */
export function startScheduler(deps: SchedulerDeps): Loop {
  let lastSlot = -1
  return every(
    intervalMs,
    async () => {
      const slot = slotAt(deps.clock.nowMs())
      if (slot === lastSlot) return
      await scheduleSlot(deps, slot)
      lastSlot = slot
    },
    (error) => {
      // That Redis is away is the connection's to report; the next look comes by itself.
      if (!(error instanceof AppError)) deps.log.warn({ err: error }, 'scheduler')
    },
  )
}

export function slotAt(nowMs: number): number {
  return Math.floor(nowMs / stateCleanupEveryMs)
}

/** Adds the jobs of a slot. Doing it twice is doing it once. */
export async function scheduleSlot({ add, partitions }: Pick<SchedulerDeps, 'add' | 'partitions'>, slot: number): Promise<void> {
  const all = Array.from({ length: partitions }, (_, partition) => partition)
  const names = ['state.cleanup', 'session.cleanup', 'upload.sweep'] as const
  await Promise.all(all.flatMap((partition) => names.map((name) => add({ name, payload: { partition, slot } }))))
  // What is all in Postgres is done once, whatever the partitions.
  await add({ name: 'notification.digest', payload: { partition: 0, slot } })
  // An hour's jobs are added each minute: whichever worker starts next finds this hour's, and one that was done before has nothing to do.
  const hour = Math.floor((slot * stateCleanupEveryMs) / HOUR_MS)
  await Promise.all((['integrity.sweep', 'retention.sweep'] as const).map((name) => add({ name, payload: { slot: hour } })))
}

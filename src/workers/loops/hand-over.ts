// Makes good what a crash left between a flow's completion and its hand-over: a submission without a job gets its job.
import { owedHandOvers } from '../../domain/flows/hand-over.ts'
import type { HandOverDeps } from '../../domain/flows/deps.ts'
import type { JobRequest, Telemetry, UpkeepStore } from '../../domain/ports.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Log } from '../../log.ts'
import { every, type Loop } from './every.ts'
import type { JobBook } from './reconciler.ts'

export type HandOverLoopDeps = Omit<HandOverDeps, 'events'> & {
  upkeep: Pick<UpkeepStore, 'holdLease'>
  jobs: JobBook & { forget(job: JobRequest): Promise<void> }
  telemetry: Pick<Telemetry, 'repaired'>
  log: Log
  owner: string
}

const intervalMs = 5 * SECOND_MS
const leaseMs = 20 * SECOND_MS
/** A completion takes well under this; what is older was left behind. */
const settledMs = 5 * SECOND_MS
const batch = 200

/** Runs in every worker; one at a time does the work. Postgres being away is nothing to report each time: readiness does. */
export function startHandOver(deps: HandOverLoopDeps): Loop {
  return every(
    intervalMs,
    async () => {
      if (await deps.upkeep.holdLease('hand-over', deps.owner, leaseMs)) await repairHandOvers(deps)
    },
    (error) => deps.log.debug({ err: error }, 'hand-over'),
  )
}

/** One pass, in one bounded batch. Exported for tests. */
export async function repairHandOvers(deps: HandOverLoopDeps): Promise<void> {
  for (const job of await owedHandOvers(deps, deps.clock.nowMs() - settledMs, batch)) {
    const presence = await deps.jobs.presence(job)
    if (presence === 'pending') continue
    // A job that ended too early (its submission did not count yet) keeps its id until it is forgotten.
    if (presence === 'ended') await deps.jobs.forget(job)
    await deps.jobs.add(job)
    deps.telemetry.repaired('hand_over_missing')
  }
}

// Signs the end of the audit trail each minute, in one worker at a time; says loudly when the trail is not what it was.
import type { Checkpoint } from '../../domain/event-ports.ts'
import { latestCheckpoint, writeCheckpoint, type CheckpointDeps } from '../../domain/audit/checkpoints.ts'
import type { UpkeepStore } from '../../domain/ports.ts'
import { AppError } from '../../errors.ts'
import { MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'
import type { Log } from '../../log.ts'
import { every, type Loop } from './every.ts'

export type CheckpointLoopDeps = CheckpointDeps & {
  upkeep: Pick<UpkeepStore, 'holdLease'>
  owner: string
  log: Log
  onBroken: (reason: string) => void
}

const leaseMs = 12 * SECOND_MS
const lookMs = 5 * SECOND_MS

/** Runs in every worker; the lease only saves work, since two checkpoints of one place agree. */
export function startAuditCheckpoints(deps: CheckpointLoopDeps): Loop {
  let known: { last: Checkpoint | null } | undefined
  let nextAtMs = 0
  return every(
    lookMs,
    async () => {
      if (!(await deps.upkeep.holdLease('audit-checkpoints', deps.owner, leaseMs))) return void (known = undefined)
      if (deps.clock.nowMs() < nextAtMs) return
      nextAtMs = deps.clock.nowMs() + MINUTE_MS
      known ??= { last: await latestCheckpoint(deps) }
      const outcome = await writeCheckpoint(deps, known.last)
      if (outcome.kind === 'written') known = { last: outcome.checkpoint }
      if (outcome.kind === 'nothing_new') nextAtMs = 0
      if (outcome.kind !== 'broken') return
      deps.log.fatal({ ...outcome.at }, 'the audit trail is broken: npm run cli -- audit verify')
      deps.onBroken(outcome.at.reason)
    },
    (error) => {
      if (!(error instanceof AppError && error.code === 'service_degraded'))
        deps.log.error({ err: error }, 'no audit checkpoint was written')
    },
  )
}

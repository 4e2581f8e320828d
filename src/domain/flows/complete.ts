// Completing a flow: every step is checked again, the submission is durable before the draft is gone, and twice is once.
//
// The order is: submission in Postgres (not counting yet) → draft consumed, if it still has the version that was checked → submission counts → job. A crash
// after any step is made good by the next try of the client or by the hand-over loop (hand-over.ts); a failure before the second leaves the draft as it was.
import type { Completion } from '../../contracts/flow.ts'
import { AppError } from '../../errors.ts'
import { SECOND_MS, DAY_MS } from '../../lib/durations.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { NewSubmission } from '../flow-ports.ts'
import type { StateKey, StateRecord } from '../state-ports.ts'
import { traceOf } from '../verification/access.ts'
import { enqueueSoon } from '../verification/enqueue-soon.ts'
import { countOf } from './counters.ts'
import type { FlowDeps } from './deps.ts'
import { identityOf, openRecord, type OpenDraft } from './drafts.ts'
import { faultsOfAll } from './flow.ts'
import { requireOwner } from './owner.ts'
import { sealSubmission } from './submission-data.ts'
import { isResumable, time } from './view.ts'

/** How long a second completion is told the same, whatever the lifetime of the draft was. */
const rememberedMs = DAY_MS
const maxTries = 10

/**
 * Completes the draft at this place. Throws `not_found`, `step_invalid` with steps and pointers, `flow_expired` for an onboarding after its resume
 * window, `service_degraded` when Postgres or Redis is away: the draft is then as it was, or completed, and the same call again tells which.
 */
export async function completeDraft(deps: FlowDeps, caller: Caller, key: StateKey, context: RequestContext): Promise<Completion> {
  const trace = traceOf(deps, caller, context)
  for (let tries = 0; tries < maxTries; tries++) {
    const nowMs = deps.clock.nowMs()
    const record = await deps.states.read(key, nowMs)
    if (!record || record.status === 'expired') throw new AppError('not_found')
    requireOwner(deps, caller, record)
    if (record.status === 'consumed') return finish(deps, record, record.updatedAtMs)
    const open = openRecord(deps, record, nowMs)
    if (!open) throw new AppError('not_found')
    if (key.kind === 'onboarding' && !isResumable(open, nowMs)) throw new AppError('flow_expired')
    requireValid(open)
    await deps.submissions.save(submissionOf(deps, open, nowMs))
    const options = { version: record.version, counts: [countOf(open.flow, 'completed')], keptUntilMs: nowMs + rememberedMs }
    const outcome = await deps.states.consume(key, identityOf(record), trace, nowMs, options)
    if (outcome.kind === 'consumed') return finish(deps, record, nowMs)
    // Used, or changed by another tab: look again at what is there now. Gone, or another draft by now: so is what was put down for it.
    if (outcome.kind === 'missing' || outcome.kind === 'expired' || outcome.kind === 'mismatch')
      await deps.submissions.discard(submissionIdOf(record)).catch(() => {})
  }
  throw new AppError('service_degraded', { retryAfterMs: SECOND_MS })
}

function requireValid({ flow, draft }: OpenDraft): void {
  const faulty = faultsOfAll(flow, draft.steps)
  if (faulty.length === 0) return
  const steps = faulty.map(({ step }) => step)
  throw new AppError('step_invalid', {
    detail: `Not valid yet: step ${steps.join(', ')}.`,
    steps,
    faults: faulty.flatMap(({ faults }) => faults),
  })
}

function submissionOf({ keyring }: FlowDeps, { record, flow, draft }: OpenDraft, nowMs: number): NewSubmission {
  const id = submissionIdOf(record)
  return {
    id,
    kind: record.kind,
    definition: flow.id,
    definitionVersion: flow.version,
    draftId: record.id,
    draftVersion: record.version,
    owner: record.facts['owner'] ?? '',
    sealed: sealSubmission(keyring, id, {
      steps: draft.steps,
      unplaced: draft.unplaced,
      ...(draft.userId === undefined ? {} : { userId: draft.userId }),
    }),
    createdAtMs: nowMs,
  }
}

function submissionIdOf(record: StateRecord): string {
  return identityOf(record).submission
}

/** From here on it is accepted: what fails now is owed by the hand-over loop. */
async function finish(deps: FlowDeps, record: StateRecord, completedAtMs: number): Promise<Completion> {
  const submissionId = submissionIdOf(record)
  await deps.submissions.complete(submissionId, completedAtMs).catch(() => deps.telemetry.repaired('completion_deferred'))
  await enqueueSoon(deps, { name: 'flow.completed', payload: { submissionId } })
  return { submissionId, status: 'accepted', completedAt: time(completedAtMs) }
}

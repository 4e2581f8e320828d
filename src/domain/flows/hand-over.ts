// From a submission to the world: the event `flow.completed`, once it is sure that the draft was completed; and what makes good a crash before that.
import type { JobRequest } from '../ports.ts'
import type { Submission } from '../flow-ports.ts'
import { DAY_MS } from '../../lib/durations.ts'
import { partitionOfId } from '../../lib/ids.ts'
import type { HandOverDeps } from './deps.ts'

/** Longer than any lifetime that a definition may give. */
const longestDraftMs = 31 * DAY_MS

export type HandOverOutcome = 'handed_over' | 'done_before' | 'not_completed' | 'missing'

/** Tells the world of a completed submission. Running twice is harmless: the event says the same subject and sequence again. */
export async function handOver(deps: HandOverDeps, submissionId: string): Promise<HandOverOutcome> {
  const submission = await deps.submissions.find(submissionId)
  if (!submission) return 'missing'
  if (submission.handedOverAtMs !== undefined) return 'done_before'
  const completedAtMs = submission.completedAtMs ?? (await settleCompletion(deps, submission))
  if (completedAtMs === null) return 'not_completed'
  const { id, kind, definition, definitionVersion, owner } = submission
  const data = { submissionId: id, kind, definition, version: String(definitionVersion) }
  const event = { type: 'flow.completed', subject: `submission:${id}`, sequence: 1, data }
  // The event comes before its mark: a crash in between tells twice, never not at all.
  await deps.events.append(partitionOfId(id), event, { requestId: '', actor: owner }, deps.clock.nowMs())
  await deps.submissions.handedOver(id, deps.clock.nowMs())
  return 'handed_over'
}

/** Whether the draft of a submission that does not count yet was consumed after all, and when; the submission counts from then on. */
async function settleCompletion(
  { states, submissions, clock }: Omit<HandOverDeps, 'events'>,
  { id, kind, draftId }: Submission,
): Promise<number | null> {
  const record = await states.read({ kind, id: draftId }, clock.nowMs())
  if (record?.status !== 'consumed' || record.facts['submission'] !== id) return null
  await submissions.complete(id, record.updatedAtMs)
  return record.updatedAtMs
}

/**
 * The jobs of submissions that were put down before this moment, were completed and are not handed over. What was never completed and whose draft is gone
 * is taken back once no draft of its time can be there any more.
 */
export async function owedHandOvers(deps: Omit<HandOverDeps, 'events'>, beforeMs: number, limit: number): Promise<JobRequest[]> {
  const owed = await deps.submissions.owed(beforeMs, limit)
  const jobs: JobRequest[] = []
  for (const submission of owed) {
    const completedAtMs = submission.completedAtMs ?? (await settleCompletion(deps, submission))
    if (completedAtMs !== null) jobs.push({ name: 'flow.completed', payload: { submissionId: submission.id } })
    else if (submission.createdAtMs < deps.clock.nowMs() - longestDraftMs) await deps.submissions.discard(submission.id)
  }
  return jobs
}

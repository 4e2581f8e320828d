// Decisions about an envelope: made under its lock, written as one transaction, and then what it owes is queued.
import { AppError } from '../../errors.ts'
import type { EnvelopeRecord, EnvelopeStore } from '../envelope-ports.ts'
import type { NewNotice } from '../notice-ports.ts'
import { enqueueNotices } from '../notices/jobs.ts'
import type { Enqueue, JobRequest, Telemetry } from '../ports.ts'
import type { Trace } from '../state-ports.ts'
import { enqueueSoon } from '../verification/enqueue-soon.ts'
import { toChange, type Draft } from './draft.ts'

export type DecideDeps = { envelopes: EnvelopeStore; enqueue: Enqueue; telemetry: Pick<Telemetry, 'repaired'> }

/**
 * Runs `decide` under the envelope's lock; what it throws undoes everything, null changes nothing. Then queues the mails that were written and the job that `jobOf`
 * names, if any. Throws `envelope_not_found`.
 */
export async function decideOn(
  deps: DecideDeps,
  id: string,
  trace: Trace,
  nowMs: number,
  decide: (record: EnvelopeRecord) => Draft | null,
  jobOf: (record: EnvelopeRecord) => JobRequest | null = () => null,
): Promise<{ record: EnvelopeRecord; isChanged: boolean }> {
  const outcome = await deps.envelopes.change(id, (before) => {
    const draft = decide(before)
    const change = draft && toChange(draft, trace, nowMs)
    return { change, value: change ? (change.notices ?? []) : null }
  })
  if (!outcome) throw new AppError('envelope_not_found')
  const { record, value } = outcome
  if (value !== null) await queueRest(deps, value, jobOf(record), nowMs)
  return { record, isChanged: value !== null }
}

async function queueRest(deps: DecideDeps, notices: readonly NewNotice[], job: JobRequest | null, nowMs: number): Promise<void> {
  await Promise.all([enqueueNotices(deps, notices, nowMs), ...(job ? [enqueueSoon(deps, job)] : [])])
}

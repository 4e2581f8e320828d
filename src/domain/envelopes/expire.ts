// Ending an envelope whose time is over. Runs in a worker, possibly more than once.
import type { EnvelopeWorkDeps } from './deps.ts'
import { decideOn } from './decide.ts'
import { draftOf } from './draft.ts'
import { endOf } from './end.ts'
import { isOpen, isOverdue, isTurnOf } from './standing.ts'
import { systemTrace } from './trace.ts'
import { waitingFor } from './wait.ts'

/** Says in a word what became of it. Throws RetryLater when Postgres is away. */
export async function expireEnvelope(deps: EnvelopeWorkDeps, id: string): Promise<{ outcome: string; requestId?: string }> {
  const nowMs = deps.clock.nowMs()
  const record = await waitingFor(deps.envelopes.read(id))
  if (!record) return { outcome: 'missing' }
  const { isChanged } = await waitingFor(
    decideOn(deps, id, systemTrace(record), nowMs, (before) => {
      if (!isOverdue(before, nowMs)) return null
      const signers = before.signers.filter(isTurnOf).map(({ number }) => number)
      return endOf(deps.keyring, draftOf(before), { status: 'expired', act: { type: 'envelope.expired' }, signers }, nowMs)
    }),
  )
  return { outcome: isChanged ? 'expired' : isOpen(record) ? 'early' : 'done_before', requestId: record.requestId }
}

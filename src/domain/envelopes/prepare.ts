// Making an envelope ready: the pages that signers are shown are drawn, then the first of them are asked. Runs in a worker, possibly more than once.
import type { Run } from '../verification/deliver.ts'
import { decideOn } from './decide.ts'
import type { EnvelopeWorkDeps } from './deps.ts'
import { draftOf } from './draft.ts'
import { expireEnvelope } from './expire.ts'
import { inviteNext } from './invite.ts'
import { preparePages } from './pages.ts'
import { isOverdue } from './standing.ts'
import { systemTrace } from './trace.ts'
import { waitingFor } from './wait.ts'

/** Says in a word what became of it. Throws RetryLater when the pages are to be drawn in another run, or Postgres is away. */
export async function prepareEnvelope(deps: EnvelopeWorkDeps, id: string, run: Run): Promise<{ outcome: string; requestId?: string }> {
  const record = await waitingFor(deps.envelopes.read(id))
  if (!record) return { outcome: 'missing' }
  if (record.status !== 'sent' || record.preparedAtMs !== undefined) return { outcome: 'done_before', requestId: record.requestId }
  if (isOverdue(record, deps.clock.nowMs())) return expireEnvelope(deps, id)
  await waitingFor(preparePages(deps, record, run))
  const nowMs = deps.clock.nowMs()
  const { isChanged } = await waitingFor(
    decideOn(deps, id, systemTrace(record), nowMs, (before) => {
      // Canceled meanwhile, or another run was faster.
      if (before.status !== 'sent' || before.preparedAtMs !== undefined || isOverdue(before, nowMs)) return null
      const prepared = {
        ...draftOf({ ...before, preparedAtMs: nowMs }),
        acts: [{ type: 'envelope.prepared' as const, facts: { pages: before.pages } }],
      }
      return { ...inviteNext(deps.keyring, prepared, nowMs), dueAtMs: before.expiresAtMs }
    }),
  )
  return { outcome: isChanged ? 'prepared' : 'done_before', requestId: record.requestId }
}

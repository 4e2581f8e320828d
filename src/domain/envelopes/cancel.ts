// Taking an envelope back, until the last signature: nobody signs any more, and everybody who was asked is told.
import type { CancelEnvelopeRequest } from '../../contracts/envelope.ts'
import { AppError } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { EnvelopeRecord } from '../envelope-ports.ts'
import { traceOf } from '../verification/access.ts'
import { decideOn } from './decide.ts'
import type { EnvelopeDeps } from './deps.ts'
import { draftOf } from './draft.ts'
import { askedSigners, endOf } from './end.ts'
import { ownedEnvelope } from './read.ts'
import { isOpen, isOverdue } from './standing.ts'

/** Cancels; a second time is harmless. Throws `envelope_not_found`, and `not_updatable` once it is being sealed or has ended otherwise. */
export async function cancelEnvelope(
  deps: EnvelopeDeps,
  caller: Caller,
  id: string,
  reason: CancelEnvelopeRequest['reason'],
  context: RequestContext,
): Promise<EnvelopeRecord> {
  await ownedEnvelope(deps, caller, id)
  const nowMs = deps.clock.nowMs()
  const trace = traceOf(deps, caller, context)
  const { record } = await decideOn(deps, id, trace, nowMs, (before) => {
    if (before.status === 'canceled') return null
    if (!isOpen(before) || isOverdue(before, nowMs)) throw new AppError('not_updatable')
    const draft = draftOf(before)
    const personal = reason === undefined || reason === '' ? {} : { personal: { reason } }
    const signers = askedSigners(draft)
    return endOf(
      deps.keyring,
      draft,
      { status: 'canceled', act: { type: 'envelope.canceled', ...personal }, signers, isSendersOwn: true },
      nowMs,
    )
  })
  return record
}

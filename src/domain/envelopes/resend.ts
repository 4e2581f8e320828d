// Asking again: the mail with the link, once more, to signers whose turn it is.
import { randomUUID } from 'node:crypto'
import type { ResendEnvelopeRequest } from '../../contracts/envelope.ts'
import { AppError } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { EnvelopeRecord } from '../envelope-ports.ts'
import type { LimitRule } from '../ports.ts'
import { traceOf } from '../verification/access.ts'
import { decideOn } from './decide.ts'
import type { EnvelopeDeps } from './deps.ts'
import { draftOf } from './draft.ts'
import { askSigners } from './invite.ts'
import { resendWindow } from './policy.ts'
import { ownedEnvelope } from './read.ts'
import { isOpen, isOverdue, isTurnOf } from './standing.ts'

/**
 * Mails the signer of this number, or all whose turn it is. Throws `envelope_not_found`, `not_updatable` when there is nobody to ask (any more), and
 * `cooldown_active` when a signer was asked again five times within a day.
 */
export async function resendEnvelope(
  deps: EnvelopeDeps,
  caller: Caller,
  id: string,
  signer: ResendEnvelopeRequest['signer'],
  context: RequestContext,
): Promise<EnvelopeRecord> {
  const nowMs = deps.clock.nowMs()
  const asked = requireAsked(await ownedEnvelope(deps, caller, id), signer, nowMs)
  const refusal = await deps.limits.take(
    asked.map((number) => resendLimit(deps, id, number)),
    randomUUID(),
    nowMs,
  )
  if (refusal) throw new AppError('cooldown_active', { retryAfterMs: refusal.retryAfterMs, limit: refusal.window })
  const { record } = await decideOn(deps, id, traceOf(deps, caller, context), nowMs, (before) => {
    // Somebody may have signed since: nobody is asked who was not counted.
    const numbers = requireAsked(before, signer, nowMs).filter((number) => asked.includes(number))
    return askSigners(deps.keyring, draftOf(before), 'envelope.resent', numbers, nowMs)
  })
  return record
}

function requireAsked(record: EnvelopeRecord, signer: number | undefined, nowMs: number): number[] {
  const asked = record.signers.filter((candidate) => isTurnOf(candidate) && (signer === undefined || candidate.number === signer))
  if (!isOpen(record) || isOverdue(record, nowMs) || asked.length === 0)
    throw new AppError('not_updatable', { detail: 'There is nobody to be asked again.' })
  return asked.map(({ number }) => number)
}

function resendLimit({ keyring }: EnvelopeDeps, id: string, number: number): LimitRule {
  return { kind: 'resend', subject: keyring.fingerprint('resend', `${id}.${number}`), style: 'exact', home: 'own', windows: [resendWindow] }
}

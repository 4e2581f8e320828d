// Spending a proof: a server learns, once, what was verified.
import type { VerifyProofResponse } from '../../contracts/verification.ts'
import { AppError, invalidField } from '../../errors.ts'
import { DAY_MS } from '../../lib/durations.ts'
import { isPrivileged, type Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { AcceptDeps } from '../ports.ts'
import { isOwn, traceOf } from './access.ts'
import { openPersonalData } from './personal-data.ts'

/**
 * Gives the destination in full and spends the proof. Throws `invalid_request` for what is no proof of ours, `proof_expired` after five minutes,
 * `proof_used` after the first time (the same `useId` again is the same time), `verification_not_found` when it belongs to somebody else.
 */
export async function verifyProof(
  deps: AcceptDeps,
  caller: Caller,
  proof: string,
  useId: string,
  context: RequestContext,
): Promise<VerifyProofResponse> {
  const read = await deps.proofs.verify(proof)
  if (read.kind === 'invalid') throw invalidField('/proof', 'is not a proof of this service')
  if (read.kind === 'expired') throw new AppError('proof_expired')
  const { proofId, verificationId, purpose, channel, approvedAtMs } = read.claims
  const record = await deps.verifications.read(verificationId)
  const personal = record && openPersonalData(deps.keyring, verificationId, record.sealed)
  if (!record || !personal) throw new AppError('verification_not_found')
  // A proof of a user's verification is that user's; one that belongs to nobody yet is whoever's holds it.
  const isSomebodys = personal.userId !== undefined
  if (isSomebodys && !isPrivileged(caller) && !isOwn(deps, caller, record)) throw new AppError('verification_not_found')
  const nowMs = deps.clock.nowMs()
  const use = { useId, untilMs: nowMs + DAY_MS }
  const isFirst = await deps.verifications.useProof(verificationId, proofId, use, traceOf(deps, caller, context), nowMs)
  if (!isFirst) throw new AppError('proof_used')
  return {
    verificationId,
    purpose,
    channel,
    to: personal.to,
    userId: personal.userId ?? null,
    startedBy: record.startedBy,
    approvedAt: new Date(approvedAtMs).toISOString(),
  }
}

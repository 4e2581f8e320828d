// Checking a code: count, compare and change the state in one script, then sign the proof.
import { createHash, randomUUID } from 'node:crypto'
import type { CheckVerificationResponse } from '../../contracts/verification.ts'
import { AppError, invalidField } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import { limitError, requestLimit } from '../limits.ts'
import type { AcceptDeps, CheckInput, CheckOutcome, VerificationRecord } from '../ports.ts'
import { callerFingerprint, requireAccess } from './access.ts'
import { normaliseCode } from './destination.ts'
import { readVerificationId } from './id.ts'
import { openPersonalData } from './personal-data.ts'
import { guessRules } from './policy.ts'
import { codeTag, deriveCode, deriveProofId } from './secrets.ts'
import { endedError, wrongCodesError } from './refusals.ts'
import { viewOf } from './view.ts'

/**
 * Approves when the code is right and gives the proof. Throws `incorrect_code` with the attempts left, `max_attempts_reached`,
 * `already_approved`, `verification_expired`, `verification_canceled`, `verification_failed`, `verification_not_found`, `rate_limited`.
 */
export async function checkVerification(
  deps: AcceptDeps,
  caller: Caller,
  id: string,
  code: string,
  context: RequestContext,
): Promise<CheckVerificationResponse> {
  const typed = normaliseCode(code)
  if (typed === null) throw invalidField('/code', 'must be 6 to 10 digits')
  await requireAccess(deps, caller, id)
  return approve(deps, caller, id, typed, 'code', context)
}

/** The step that codes and links share; a link's token has been verified before and brings the right code. */
export async function approve(
  deps: AcceptDeps,
  caller: Caller,
  id: string,
  code: string,
  via: CheckInput['via'],
  context: RequestContext,
): Promise<CheckVerificationResponse> {
  const answer = deriveCode(deps.keyring, id)
  const guessTag = codeTag(deps.keyring, id, code)
  const answerTag = answer && codeTag(deps.keyring, id, answer)
  // An id is invented easily: one that names a partition nobody serves must not make keys there.
  const isServed = (readVerificationId(id)?.partition ?? 0) < deps.policy.partitions
  if (!guessTag || !answerTag || !isServed) throw new AppError('verification_not_found')
  const nowMs = deps.clock.nowMs()
  const limits = await limitsForScript(deps, caller)
  const outcome = await deps.verifications.check({
    id,
    guessTag,
    answerTag,
    via,
    caller: callerFingerprint(deps, caller),
    limits,
    guesses: guessRules,
    requestId: context.requestId,
    nowMs,
  })
  deps.telemetry.checked(outcome.kind)
  if (outcome.kind !== 'approved') throw refusalOf(outcome, nowMs)
  return { valid: true, proof: await signProof(deps, outcome.record), verification: viewOf(outcome.record, nowMs) }
}

/** With one partition the caller's limit is counted by the same script, with more it lives elsewhere and is asked first. */
async function limitsForScript(deps: AcceptDeps, caller: Caller): Promise<CheckInput['limits']> {
  const limits = requestLimit(deps.keyring, caller, deps.policy.requestsPerMinute)
  if (deps.policy.partitions === 1) return limits
  const refusal = await deps.limits.take(limits, randomUUID(), deps.clock.nowMs())
  if (refusal) throw limitError(refusal)
  return []
}

function refusalOf(outcome: Exclude<CheckOutcome, { kind: 'approved' }>, nowMs: number): AppError {
  switch (outcome.kind) {
    case 'incorrect':
      return new AppError('incorrect_code', { attemptsRemaining: outcome.attemptsRemaining })
    case 'limited':
      return limitError(outcome.refusal)
    case 'ended':
      return endedError(outcome, nowMs)
    case 'refused':
      return outcome.code === 'max_attempts_reached' ? wrongCodesError(outcome.retryAfterMs) : new AppError(outcome.code)
  }
}

/** The same approval always gives the same proof: its id is derived and its times are those of the approval. */
async function signProof(deps: AcceptDeps, record: VerificationRecord): Promise<string> {
  const personal = openPersonalData(deps.keyring, record.id, record.sealed)
  const proofId = deriveProofId(deps.keyring, record.id)
  if (!personal || !proofId || record.approvedAtMs === undefined) throw new TypeError('an approved verification is complete')
  return deps.proofs.sign({
    proofId,
    verificationId: record.id,
    purpose: record.purpose,
    channel: record.channel,
    maskedTo: record.maskedTo,
    toSha256: createHash('sha256').update(personal.to).digest('hex'),
    userId: personal.userId ?? null,
    startedBy: record.startedBy,
    approvedAtMs: record.approvedAtMs,
  })
}

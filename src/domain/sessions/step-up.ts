// Step-up: a fresh proof raises a session for a while; and what routes ask when they need more than a token.
import type { Assurance, Session } from '../../contracts/session.ts'
import type { Purpose } from '../../contracts/verification.ts'
import { AppError, invalidField } from '../../errors.ts'
import { DAY_MS } from '../../lib/durations.ts'
import { isPrivileged, type Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { VerificationRecord } from '../ports.ts'
import type { SessionRecord } from '../session-ports.ts'
import { callerFingerprint, traceOf } from '../verification/access.ts'
import { canonicalDestination } from '../verification/destination.ts'
import { openPersonalData } from '../verification/personal-data.ts'
import { ownersOf } from './account.ts'
import { elevatedForMs, type SessionDeps } from './deps.ts'
import { accessibleSession, isOwnersOwn } from './read.ts'
import { assuranceAt, viewOf } from './view.ts'

const purposes: readonly Purpose[] = ['two_factor', 'identity_verification']

/**
 * Spends a proof and raises the session; the same `useId` again is the same use. Throws `not_found` for a session that is not the caller's, `invalid_request` for what is no proof of ours or of
 * another purpose, `proof_expired`, `proof_used`, and `proof_not_accepted` when it does not prove this session's user.
 */
export async function stepUp(
  deps: SessionDeps,
  caller: Caller,
  id: string,
  { proof, useId }: { proof: string; useId: string },
  context: RequestContext,
): Promise<Session> {
  const session = await accessibleSession(deps, caller, id)
  const read = await deps.proofs.verify(proof)
  if (read.kind === 'invalid') throw invalidField('/proof', 'is not a proof of this service')
  if (read.kind === 'expired') throw new AppError('proof_expired')
  const { proofId, verificationId, purpose, channel } = read.claims
  if (!purposes.includes(purpose)) throw invalidField('/proof', `is for ${purpose}; needed is ${purposes.join(' or ')}`)
  const record = await deps.verifications.read(verificationId)
  if (!record || !provesOwner(deps, caller, session, record)) throw new AppError('proof_not_accepted')
  const nowMs = deps.clock.nowMs()
  const use = { useId, untilMs: nowMs + DAY_MS }
  const isFirst = await deps.verifications.useProof(verificationId, proofId, use, traceOf(deps, caller, context), nowMs)
  if (!isFirst) throw new AppError('proof_used')
  return elevateSession(deps, caller, id, `${purpose}.${channel}`, context)
}

/** Raises a session by what was verified elsewhere (a TOTP code): `method` is a word for the event. Throws `not_found` when the session has ended. */
export async function elevateSession(
  deps: Pick<SessionDeps, 'clock' | 'keyring' | 'sessionStore' | 'sessionTelemetry'>,
  caller: Caller,
  id: string,
  method: string,
  context: RequestContext,
): Promise<Session> {
  const nowMs = deps.clock.nowMs()
  const record = await deps.sessionStore.elevate(id, { method, untilMs: nowMs + elevatedForMs }, traceOf(deps, caller, context), nowMs)
  if (!record) throw new AppError('not_found')
  deps.sessionTelemetry.sessionChanged('stepped_up')
  return viewOf(deps.keyring, caller, record, nowMs)
}

/**
 * Whoever holds a user's token can verify an address of their own and name that user: a user's proof therefore counts only for the address or number that
 * the token's issuer calls verified. A server's counts when the same server started it for that user.
 */
function provesOwner(deps: SessionDeps, caller: Caller, session: SessionRecord, record: VerificationRecord): boolean {
  const personal = openPersonalData(deps.keyring, record.id, record.sealed)
  if (!personal) return false
  if (isOwnersOwn(deps, caller, session) && caller.kind === 'user') {
    const claimed = record.channel === 'email' ? caller.email : caller.phoneNumber
    const own = claimed === undefined ? undefined : canonicalDestination(record.channel, claimed)
    if (own?.ok === true && own.canonical === personal.to) return true
  }
  const isVouched = isPrivileged(caller) && record.caller === callerFingerprint(deps, caller)
  return isVouched && personal.userId !== undefined && ownersOf(deps.keyring, personal.userId).includes(session.owner)
}

/**
 * Lets only those through whose session is as sure as that, as of now. Servers pass: what they may do is in their key's scopes. Throws
 * `assurance_required`, also for a token without a session.
 */
export function requireAssurance(caller: Caller, level: Assurance, nowMs: number): void {
  if (level === 'basic' || caller.kind === 'api-key') return
  const untilMs = caller.kind === 'user' ? caller.token?.elevatedUntilMs : undefined
  if (assuranceAt(untilMs, nowMs) !== level) throw new AppError('assurance_required')
}

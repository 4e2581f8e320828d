// Who may touch a verification: whoever holds its id where the API is public, else only those it belongs to (contract §1, rights).
import type { Channel } from '../../contracts/verification.ts'
import { AppError } from '../../errors.ts'
import { callerKey, isPrivileged, type Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { AcceptDeps, VerificationRecord } from '../ports.ts'
import type { Trace } from '../state-ports.ts'
import { canonicalDestination } from './destination.ts'
import { openPersonalData } from './personal-data.ts'

type AccessDeps = Pick<AcceptDeps, 'keyring' | 'policy' | 'verifications'>

export function callerFingerprint(deps: Pick<AcceptDeps, 'keyring'>, caller: Caller): string {
  return deps.keyring.fingerprint('caller', callerKey(caller))
}

/** Who does what on behalf of which request, as events say it. */
export function traceOf(deps: Pick<AcceptDeps, 'keyring'>, caller: Caller, { requestId }: RequestContext): Trace {
  return { requestId, actor: callerFingerprint(deps, caller) }
}

/** Whether the verification is the caller's own: started by it, for its user, or sent to its own verified address. */
export function isOwn(deps: Pick<AcceptDeps, 'keyring'>, caller: Caller, record: VerificationRecord): boolean {
  if (isPrivileged(caller) || record.caller === callerFingerprint(deps, caller)) return true
  if (caller.kind !== 'user') return false
  const data = openPersonalData(deps.keyring, record.id, record.sealed)
  return (
    data !== null &&
    (data.userId === caller.subject || isSame('email', data.to, caller.email) || isSame('sms', data.to, caller.phoneNumber))
  )
}

/** Whether what a token calls its user's address is this canonical destination, however the token spells it. */
function isSame(channel: Channel, to: string, claimed: string | undefined): boolean {
  const destination = claimed === undefined ? undefined : canonicalDestination(channel, claimed)
  return destination?.ok === true && destination.canonical === to
}

/** The record, if there is one and the caller may touch it; otherwise `verification_not_found` either way. */
export async function accessibleRecord(deps: AccessDeps, caller: Caller, id: string): Promise<VerificationRecord> {
  const record = await deps.verifications.read(id)
  if (!record || !(deps.policy.isPublic || isOwn(deps, caller, record))) throw new AppError('verification_not_found')
  return record
}

/** The same for calls whose script finds the record anyway: costs a read only where the id alone is not the key. */
export async function requireAccess(deps: AccessDeps, caller: Caller, id: string): Promise<void> {
  if (!deps.policy.isPublic && !isPrivileged(caller)) await accessibleRecord(deps, caller, id)
}

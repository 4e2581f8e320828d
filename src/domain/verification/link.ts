// Links in mails: looking at one changes nothing, confirming it approves once.
import type { CheckVerificationResponse, LinkMode, Purpose, VerificationStatus } from '../../contracts/verification.ts'
import { AppError, type ErrorCode } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { AcceptDeps, VerificationRecord } from '../ports.ts'
import { callerFingerprint } from './access.ts'
import { approve } from './check.ts'
import { normaliseCode } from './destination.ts'
import { openPersonalData } from './personal-data.ts'
import { deriveCode, readLinkToken } from './secrets.ts'
import { endedError } from './refusals.ts'
import { isFinal, statusAt } from './view.ts'

/** What a page may show of a link. `isStarter`: this browser (or credential) started it. */
export type LinkView =
  | { state: 'invalid' }
  | {
      state: 'open' | 'used' | 'expired' | 'canceled' | 'failed'
      verificationId: string
      linkMode: LinkMode
      purpose: Purpose
      maskedTo: string
      isStarter: boolean
      expiresAt: string
      locale: string
      redirectUrl?: string
    }

/** What the link's page shows. Reads only, whoever asks and however often. */
export async function inspectLink(deps: AcceptDeps, caller: Caller, token: string): Promise<LinkView> {
  const found = await findByToken(deps, token)
  if (!found) return { state: 'invalid' }
  const personal = openPersonalData(deps.keyring, found.id, found.sealed)
  const redirectUrl = personal?.redirect === undefined ? undefined : deps.policy.redirects.get(personal.redirect)
  return {
    state: stateOf(statusAt(found, deps.clock.nowMs())),
    verificationId: found.id,
    linkMode: found.linkMode ?? 'button',
    purpose: found.purpose,
    maskedTo: found.maskedTo,
    isStarter: isStarter(deps, caller, found),
    expiresAt: new Date(found.expiresAtMs).toISOString(),
    locale: personal?.locale ?? 'en',
    ...(redirectUrl === undefined ? {} : { redirectUrl }),
  }
}

/**
 * Approves by the link's token. Throws `token_invalid`, `token_used`, `token_expired`, `binding_mismatch` (a bound link elsewhere than where it
 * was started), and what a check throws.
 */
export async function confirmLink(
  deps: AcceptDeps,
  caller: Caller,
  token: string,
  context: RequestContext,
): Promise<CheckVerificationResponse> {
  const record = await findByToken(deps, token)
  const code = record && deriveCode(deps.keyring, record.id)
  if (!record || !code) throw new AppError('token_invalid')
  if (record.linkMode === 'bound' && !isStarter(deps, caller, record)) throw boundElsewhere(record, deps.clock.nowMs())
  try {
    return await approve(deps, caller, record.id, code, 'link', context)
  } catch (error) {
    throw asLinkError(error)
  }
}

/** Approves by the code that stands beside the link, for whoever holds the link, also where the API itself is not public. Throws as a check does. */
export async function confirmLinkCode(
  deps: AcceptDeps,
  caller: Caller,
  token: string,
  code: string,
  context: RequestContext,
): Promise<CheckVerificationResponse> {
  const record = await findByToken(deps, token)
  if (!record) throw new AppError('token_invalid')
  const typed = normaliseCode(code)
  // What cannot be a code costs no attempt.
  if (typed === null) throw new AppError('incorrect_code')
  return approve(deps, caller, record.id, typed, 'code', context)
}

/** Another browser learns that a bound link has ended, and never more: the repeat of an approval is the starter's alone. */
function boundElsewhere(record: VerificationRecord, nowMs: number): unknown {
  const status = statusAt(record, nowMs)
  if (!isFinal(status)) return new AppError('binding_mismatch')
  return asLinkError(endedError({ kind: 'ended', status, expiresAtMs: record.expiresAtMs }, nowMs))
}

async function findByToken(deps: AcceptDeps, token: string): Promise<VerificationRecord | null> {
  const id = readLinkToken(deps.keyring, token)
  const record = id === null ? null : await deps.verifications.read(id)
  return record?.method === 'link' ? record : null
}

function isStarter(deps: AcceptDeps, caller: Caller, record: VerificationRecord): boolean {
  if (caller.binding !== undefined && record.binding === deps.keyring.fingerprint('binding', caller.binding)) return true
  return caller.kind !== 'anonymous' && record.caller === callerFingerprint(deps, caller)
}

function stateOf(status: VerificationStatus): Exclude<LinkView['state'], 'invalid'> {
  switch (status) {
    case 'approved':
      return 'used'
    case 'expired':
      return 'expired'
    case 'canceled':
      return 'canceled'
    case 'failed':
    case 'blocked':
    case 'max_attempts_reached':
      return 'failed'
    default:
      return 'open'
  }
}

const linkCodes: Partial<Record<ErrorCode, ErrorCode>> = {
  already_approved: 'token_used',
  verification_expired: 'token_expired',
  verification_not_found: 'token_invalid',
}

function asLinkError(error: unknown): unknown {
  const code = error instanceof AppError ? linkCodes[error.code] : undefined
  return code ? new AppError(code, {}, { cause: error }) : error
}

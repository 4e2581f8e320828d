// The signer whom a link belongs to: found by the token, known by the browser's cookie, and whether it is that signer's turn.
import type { EnvelopeStatus } from '../../contracts/envelope.ts'
import { AppError } from '../../errors.ts'
import { DAY_MS } from '../../lib/durations.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { EnvelopeRecord, SignerRecord } from '../envelope-ports.ts'
import type { EnvelopeDeps } from './deps.ts'
import { openSigner, type SignerPersonal } from './personal.ts'
import { isTurnOf, statusAt } from './standing.ts'
import { isSignerCookie, readSignerToken } from './token.ts'

/** The cookie ends with it, in the browser and here. */
const identifiedForMs = DAY_MS

export type FoundSigner = { record: EnvelopeRecord; signer: SignerRecord; personal: SignerPersonal }

/** Why a signer can do nothing (more): the envelope's end, or the signer's own state in it. */
export type ClosedReason = Exclude<EnvelopeStatus, 'sent' | 'partially_signed'> | 'signed' | 'waiting'

/** Null for a token that opens nothing, also when everything personal was erased. */
export async function findSigner(deps: Pick<EnvelopeDeps, 'keyring' | 'envelopes'>, token: string): Promise<FoundSigner | null> {
  const read = readSignerToken(deps.keyring, token)
  const record = read && (await deps.envelopes.read(read.envelopeId))
  return record ? signerIn(deps.keyring, record, read.signer) : null
}

/** The same, with `token_invalid` instead of null. */
export async function requireSigner(deps: Pick<EnvelopeDeps, 'keyring' | 'envelopes'>, token: string): Promise<FoundSigner> {
  const found = await findSigner(deps, token)
  if (!found) throw new AppError('token_invalid')
  return found
}

export function signerIn(keyring: Keyring, record: EnvelopeRecord, number: number): FoundSigner | null {
  const signer = record.signers.find((candidate) => candidate.number === number)
  const personal = signer && openSigner(keyring, record.id, number, signer.sealed)
  return signer && personal ? { record, signer, personal } : null
}

/** Whether this browser has shown to be the signer's, less than a day ago. */
export function isVerified(keyring: Keyring, found: FoundSigner, cookie: string | undefined, nowMs: number): boolean {
  return hasCookie(keyring, found, cookie) && isFresh(found, nowMs)
}

/** Throws `step_not_open` for a browser without the signer's cookie. How old that is, is asked by `isVerified` and by `requireTurn`. */
export function requireVerified(keyring: Keyring, found: FoundSigner, cookie: string | undefined): void {
  if (!hasCookie(keyring, found, cookie)) throw notVerified()
}

function hasCookie(keyring: Keyring, { record, signer }: FoundSigner, cookie: string | undefined): boolean {
  const { number, verificationId } = signer
  return cookie !== undefined && verificationId !== undefined && isSignerCookie(keyring, record.id, number, verificationId, cookie)
}

function isFresh({ signer: { identifiedAtMs } }: Pick<FoundSigner, 'signer'>, nowMs: number): boolean {
  return identifiedAtMs !== undefined && nowMs < identifiedAtMs + identifiedForMs
}

/** `step_not_open`, of a browser that is not known (any more). */
export function notVerified(): AppError {
  return new AppError('step_not_open', { detail: 'This browser has not shown yet that it is yours.' })
}

/** Null while it is the signer's turn. */
export function closedReason({ record, signer }: Pick<FoundSigner, 'record' | 'signer'>, nowMs: number): ClosedReason | null {
  const status = statusAt(record, nowMs)
  if (status !== 'sent' && status !== 'partially_signed') return status
  if (signer.signedAtMs !== undefined) return 'signed'
  return isTurnOf(signer) ? null : 'waiting'
}

/** Whether a signer may (still) look at the document: while it is their turn, and once they have signed. */
export function maySee(found: FoundSigner, nowMs: number): boolean {
  const reason = closedReason(found, nowMs)
  return reason === null || (found.signer.signedAtMs !== undefined && keptReasons.has(reason))
}

const keptReasons: ReadonlySet<ClosedReason> = new Set(['signed', 'sealing', 'completed', 'seal_failed'])

/**
 * Throws `token_expired` when the time is over, `step_not_open` before it is the signer's turn and a day after the signer was identified, and `not_updatable` after
 * the turn.
 */
export function requireTurn(found: FoundSigner, nowMs: number): void {
  const reason = closedReason(found, nowMs)
  if (reason !== null) throw closedError(reason)
  if (!isFresh(found, nowMs)) throw notVerified()
}

export function closedError(reason: ClosedReason): AppError {
  if (reason === 'expired') return new AppError('token_expired')
  if (reason === 'waiting') return new AppError('step_not_open', { detail: 'It is not your turn yet.' })
  return new AppError('not_updatable')
}

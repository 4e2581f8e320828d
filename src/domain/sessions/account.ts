// Whose sessions, tokens and trails a call is about: users for themselves, servers and admins for anybody.
import { AppError, invalidField } from '../../errors.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { isPrivileged, type Caller } from '../caller.ts'
import type { TokenMarks } from '../session-ports.ts'

/** A user's fingerprints under every key of the ring: written under the first, looked for under all, so that a new key loses no revocation. */
export function ownersOf(keyring: Keyring, subject: string): [string, ...string[]] {
  return keyring.fingerprints('account', subject)
}

/** A token's fingerprints, in the order of `ownersOf`. The subject is part of it: one user's choice of ids cannot touch another's token. */
export function tokenKeysOf(keyring: Keyring, subject: string, tokenId: string): [string, ...string[]] {
  return keyring.fingerprints('token', JSON.stringify([subject, tokenId]))
}

/**
 * The user that a call means. Throws `not_found` when a user names somebody else, `invalid_request` when a server names nobody (a key has no account
 * of its own).
 */
export function subjectOf(caller: Caller, userId: string | undefined): string {
  if (caller.kind === 'user' && (userId === undefined || userId === caller.subject)) return caller.subject
  if (!isPrivileged(caller)) throw new AppError(caller.kind === 'anonymous' ? 'unauthenticated' : 'not_found')
  if (userId === undefined) throw invalidField('/userId', 'must be given: a key has no account of its own')
  return userId
}

/** Whether the call is about the caller's own account. */
export function isOwnAccount(caller: Caller, subject: string): boolean {
  return caller.kind === 'user' && caller.subject === subject
}

/** What identifies the token of a user's own call, for the scripts that decide races with its revocation. */
export function tokenMarks(keyring: Keyring, caller: Caller, subject: string): { token?: TokenMarks } {
  if (caller.kind !== 'user' || caller.subject !== subject || !caller.token) return {}
  const { tokenId, issuedAtMs, sessionId } = caller.token
  return { token: { tokenKey: tokenKeysOf(keyring, subject, tokenId)[0], issuedAtMs, ...(sessionId === undefined ? {} : { sessionId }) } }
}

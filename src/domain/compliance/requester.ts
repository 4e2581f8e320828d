// Who asked for a check, and is told when it is final: personal, so it is sealed.
import type { Keyring } from '../../lib/keyring.ts'
import { callerKey, type Caller } from '../caller.ts'
import { canonicalEmailAddress } from '../verification/email-address.ts'

/** `key` is a caller key (`user:alice`); `email` a canonical address that the caller's token vouches for. */
export type Requester = { key: string; email?: string }

/** It is kept with the check. */
const never = 8.64e15

export function sealRequester(keyring: Keyring, checkId: string, caller: Caller): string {
  const address = caller.kind === 'user' && caller.email !== undefined ? canonicalEmailAddress(caller.email) : null
  const requester: Requester = { key: callerKey(caller), ...(address?.ok ? { email: address.canonical } : {}) }
  return keyring.seal({ kind: 'check', id: checkId }, never, JSON.stringify(requester))
}

/** Null when its key has left the ring. */
export function openRequester(keyring: Keyring, checkId: string, sealed: string): Requester | null {
  const opened = keyring.open({ kind: 'check', id: checkId }, sealed)
  return opened && (JSON.parse(opened.plaintext) as Requester)
}

// The secrets of an OAuth state: all derived from its id and the master keys, none stored. RFC 7636 (PKCE, S256), RFC 9700 §4.7.
import { createHash } from 'node:crypto'
import type { Keyring } from '../../lib/keyring.ts'
import { readId } from '../../lib/ids.ts'
import { deriveExpiringToken, readExpiringToken } from '../derived-token.ts'

export const idPrefix = 'oas'
const label = 'oauth state'

export type OauthSecrets = { codeVerifier: string; codeChallenge: string; nonce: string }

/** The `state` that goes through the browser; it says its own end. Null when the id's key has left the ring. */
export function deriveState(keyring: Keyring, id: string, expiresAtMs: number): string | null {
  return deriveExpiringToken(keyring, label, id, expiresAtMs)
}

/** The id and end of a state of ours, whether or not its time is over; null for anything else. */
export function readState(keyring: Keyring, state: string): { id: string; expiresAtMs: number } | null {
  return readExpiringToken(keyring, idPrefix, label, state)
}

/** Verifier (43 letters, 256 bits), its challenge, and a nonce of 128 bits. Null when the id's key has left the ring. */
export function deriveSecrets(keyring: Keyring, id: string): OauthSecrets | null {
  const tag = readId(idPrefix, id)?.keyTag
  const verifier = tag === undefined ? null : keyring.mac(tag, 'oauth verifier', id)
  const nonce = tag === undefined ? null : keyring.mac(tag, 'oauth nonce', id)
  if (!verifier || !nonce) return null
  const codeVerifier = verifier.toString('base64url')
  const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url')
  return { codeVerifier, codeChallenge, nonce: nonce.subarray(0, 16).toString('base64url') }
}

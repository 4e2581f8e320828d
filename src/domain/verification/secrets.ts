// The secrets of a verification. All are derived from the master keys and the id; none is ever stored (reliability, promise 4).
import type { Keyring } from '../../lib/keyring.ts'
import { deriveToken, readToken } from '../derived-token.ts'
import { readVerificationId } from './id.ts'

/** The code: 128 bits of an HMAC over the id under its purpose's key, reduced to the digits. Null when the id's key has left the ring. */
export function deriveCode(keyring: Keyring, id: string): string | null {
  const facts = readVerificationId(id)
  const mac = facts && keyring.mac(facts.keyTag, `code ${facts.purpose}`, id)
  if (!facts || !mac) return null
  const number = BigInt(`0x${mac.subarray(0, 16).toString('hex')}`) % 10n ** BigInt(facts.digits)
  return number.toString().padStart(facts.digits, '0')
}

/** What a script compares in a code's place: 128 bits under a key that Redis never sees, bound to the id. */
export function codeTag(keyring: Keyring, id: string, code: string): string | null {
  const facts = readVerificationId(id)
  return (facts && keyring.mac(facts.keyTag, 'code tag', `${id} ${code}`)?.subarray(0, 16).toString('base64url')) ?? null
}

/** The token of a link, safe in a URL. Null when the id's key has left the ring. */
export function deriveLinkToken(keyring: Keyring, id: string): string | null {
  const label = linkLabel(id)
  return label === null ? null : deriveToken(keyring, label, id)
}

/** The verification that a token opens; null for anything that `deriveLinkToken` did not make. Takes the same time for every wrong token. */
export function readLinkToken(keyring: Keyring, token: string): string | null {
  return readToken(keyring, 'ver', linkLabel, token)
}

function linkLabel(id: string): string | null {
  const facts = readVerificationId(id)
  return facts && `link ${facts.purpose}`
}

/** The id of the proof of a verification: the same for every repeat of the same approval. */
export function deriveProofId(keyring: Keyring, id: string): string | null {
  const facts = readVerificationId(id)
  return (facts && keyring.mac(facts.keyTag, 'proof id', id)?.subarray(0, 16).toString('base64url')) ?? null
}

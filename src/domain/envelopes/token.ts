// The secrets of signers: the token in a mail's link, and the cookie of the browser in which somebody has shown to be that signer.
// Both are derived from the keys and the id, and are nowhere stored (reliability, promise 4).
import { timingSafeEqual } from 'node:crypto'
import { decodeBase32, encodeBase32 } from '../../lib/base32.ts'
import { readId } from '../../lib/ids.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { deriveToken, readToken } from '../derived-token.ts'
import { envelopePrefix } from './id.ts'

const label = 'signer'
const cookieLabel = 'signer browser'
/** Where `traits` stands in the bytes of an id (src/lib/ids.ts). */
const traitsAt = 3

/** The token of the link that one signer is mailed, safe in a URL. Null when the envelope's key has left the ring. */
export function signerToken(keyring: Keyring, envelopeId: string, number: number): string | null {
  const id = withTraits(envelopeId, number)
  return id === null ? null : deriveToken(keyring, label, id)
}

/** Whom a token was mailed to; null for anything that `signerToken` did not make. Nothing is looked up. */
export function readSignerToken(keyring: Keyring, token: string): { envelopeId: string; signer: number } | null {
  const id = readToken(keyring, envelopePrefix, () => label, token)
  const signer = id === null ? 0 : (readId(envelopePrefix, id)?.traits ?? 0)
  const envelopeId = id !== null && signer > 0 ? withTraits(id, 0) : null
  return envelopeId === null ? null : { envelopeId, signer }
}

/** What a browser holds once its user has shown to be this signer, by this verification. Null when the envelope's key has left the ring. */
export function signerCookie(keyring: Keyring, envelopeId: string, number: number, verificationId: string): string | null {
  const header = readId(envelopePrefix, envelopeId)
  const mac = header && keyring.mac(header.keyTag, cookieLabel, JSON.stringify([envelopeId, number, verificationId]))
  return mac?.toString('base64url') ?? null
}

/** Whether a cookie is the one of this signer and verification. Takes the same time for every wrong one. */
export function isSignerCookie(keyring: Keyring, envelopeId: string, number: number, verificationId: string, given: string): boolean {
  const expected = Buffer.from(signerCookie(keyring, envelopeId, number, verificationId) ?? '')
  const theirs = Buffer.from(given)
  return expected.length > 0 && theirs.length === expected.length && timingSafeEqual(theirs, expected)
}

function withTraits(envelopeId: string, traits: number): string | null {
  const bytes = readId(envelopePrefix, envelopeId) && decodeBase32(envelopeId.slice(envelopePrefix.length + 1))
  if (!bytes) return null
  bytes.writeUInt8(traits, traitsAt)
  return `${envelopePrefix}_${encodeBase32(bytes)}`
}

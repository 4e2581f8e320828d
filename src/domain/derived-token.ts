// Tokens that open a record: derived from its id and the master keys, never stored. What a token opens is its owner's business.
import { timingSafeEqual } from 'node:crypto'
import { readId } from '../lib/ids.ts'
import type { Keyring } from '../lib/keyring.ts'

const ID_LETTERS = 32
const EXPIRY_BYTES = 6
const EXPIRY_LETTERS = 8
const MAC_LETTERS = 43

/** The id's letters and 256 bits of an HMAC over it under the key of `label`, safe in a URL. Null when the id's key has left the ring. */
export function deriveToken(keyring: Keyring, label: string, id: string): string | null {
  const mac = macOf(keyring, label, id, id)
  return mac && `${lettersOf(id)}${mac.toString('base64url')}`
}

/** The id that a token opens; null for anything that `deriveToken` did not make. `labelOf` may need the id's own facts; null refuses it. */
export function readToken(keyring: Keyring, prefix: string, labelOf: (id: string) => string | null, token: string): string | null {
  if (token.length !== ID_LETTERS + MAC_LETTERS) return null
  const id = `${prefix}_${token.slice(0, ID_LETTERS)}`
  const label = labelOf(id)
  const expected = label === null ? null : macOf(keyring, label, id, id)
  return expected && isEqual(expected, token.slice(ID_LETTERS)) ? id : null
}

/** As `deriveToken`, with an authenticated end of its time: it is known to be over even when its record is gone. */
export function deriveExpiringToken(keyring: Keyring, label: string, id: string, expiresAtMs: number): string | null {
  const expiry = Buffer.alloc(EXPIRY_BYTES)
  expiry.writeUIntBE(expiresAtMs, 0, EXPIRY_BYTES)
  const letters = expiry.toString('base64url')
  const mac = macOf(keyring, label, id, `${id} ${letters}`)
  return mac && `${lettersOf(id)}${letters}${mac.toString('base64url')}`
}

/** The id and end of a token that `deriveExpiringToken` made, whether or not its time is over; null for anything else. */
export function readExpiringToken(
  keyring: Keyring,
  prefix: string,
  label: string,
  token: string,
): { id: string; expiresAtMs: number } | null {
  if (token.length !== ID_LETTERS + EXPIRY_LETTERS + MAC_LETTERS) return null
  const id = `${prefix}_${token.slice(0, ID_LETTERS)}`
  const letters = token.slice(ID_LETTERS, ID_LETTERS + EXPIRY_LETTERS)
  const expected = macOf(keyring, label, id, `${id} ${letters}`)
  if (!expected || !isEqual(expected, token.slice(ID_LETTERS + EXPIRY_LETTERS))) return null
  return { id, expiresAtMs: Buffer.from(letters, 'base64url').readUIntBE(0, EXPIRY_BYTES) }
}

function lettersOf(id: string): string {
  return id.slice(id.indexOf('_') + 1)
}

function macOf(keyring: Keyring, label: string, id: string, text: string): Buffer | null {
  const header = readId(id.slice(0, id.indexOf('_')), id)
  return header && keyring.mac(header.keyTag, label, text)
}

/** Compares the letters, not what they decode to: the last one has bits to spare, and a token has one spelling. */
function isEqual(expected: Buffer, given: string): boolean {
  const letters = Buffer.from(expected.toString('base64url'))
  const theirs = Buffer.from(given)
  return theirs.length === letters.length && timingSafeEqual(theirs, letters)
}

// Whose an operation is: its creator's and its recipient's, both known to the store as fingerprints only.
import type { Keyring } from '../../lib/keyring.ts'
import { callerKey, type Caller } from '../caller.ts'
import { canonicalDestination } from '../verification/destination.ts'

const label = 'who'

/** One spelling for a recipient: an e-mail address or phone number if it is one, else the text without blanks around it. */
export function canonicalRecipient(text: string): string {
  const trimmed = text.normalize('NFKC').trim()
  for (const channel of ['email', 'sms'] as const) {
    const destination = canonicalDestination(channel, trimmed)
    if (destination.ok) return destination.canonical
  }
  return trimmed
}

const recipientText = (canonical: string): string => `to:${canonical}`

/** The fingerprint by which a record knows its creator. */
export function creatorPrint(keyring: Keyring, caller: Caller): string {
  return keyring.fingerprints(label, callerKey(caller))[0]
}

/** The fingerprint by which a record knows its recipient, given in its one spelling. */
export function recipientPrint(keyring: Keyring, canonical: string): string {
  return keyring.fingerprints(label, recipientText(canonical))[0]
}

/** Every fingerprint under which a recipient's records may be listed, whichever key of the ring they were made under. */
export function recipientPrints(keyring: Keyring, recipient: string): string[] {
  return keyring.fingerprints(label, recipientText(canonicalRecipient(recipient)))
}

/** Every fingerprint that is the caller's: as creator, and as recipient by subject, verified e-mail address or verified phone number. */
export function callerPrints(keyring: Keyring, caller: Caller): string[] {
  const texts = [callerKey(caller)]
  if (caller.kind === 'user') {
    const addresses = [caller.subject, caller.email, caller.phoneNumber].filter((address) => address !== undefined)
    texts.push(...addresses.map((address) => recipientText(canonicalRecipient(address))))
  }
  return [...new Set(texts)].flatMap((text) => keyring.fingerprints(label, text))
}

// Where a message goes: one canonical form per destination, its masked form, and the digits of a typed code. Pure.
// The grammars live beside it, in phone-number.ts and email-address.ts; fingerprints and limits are for those that count.
import type { Channel } from '../../contracts/verification.ts'
import { canonicalEmailAddress, maskEmailAddress } from './email-address.ts'
import { canonicalPhoneNumber, maskPhoneNumber } from './phone-number.ts'
import { withAsciiDigits } from './unicode-digits.ts'

/** `country` is ISO 3166-1 alpha-2; missing for e-mail and for numbers of no country (satellite, international freephone). */
export type Destination = { ok: true; canonical: string; country?: string } | { ok: false; message: string }

/**
 * The one spelling of a destination that limits, stores and providers know: E.164 for phones, a lower-case ASCII addr-spec for e-mail.
 * Never throws; `message` is a public sentence that does not quote the input. Canonical forms are canonical: doing it twice is the same.
 */
export function canonicalDestination(channel: Channel, to: string): Destination {
  return channel === 'email' ? canonicalEmailAddress(to) : canonicalPhoneNumber(to)
}

/** What may be shown of a canonical destination: `+1•••••2671`, `a•••••@e•••••.com`. Anything unreadable gives bullets only. */
export function maskDestination(channel: Channel, canonical: string): string {
  return channel === 'email' ? maskEmailAddress(canonical) : maskPhoneNumber(canonical)
}

// Blanks of any kind, the zero-width space included; dashes with the minus sign, the hyphen bullet and the soft hyphen.
const separators = /[\s\u200B\p{Pd}\u2212\u2043\u00AD]/gu

/** The 6 to 10 ASCII digits of a code as somebody typed or pasted it, whatever its script; null if anything else is in it. */
export function normaliseCode(input: string): string | null {
  if (input.length > 64) return null
  const digits = withAsciiDigits(input.replace(separators, ''))
  return /^[0-9]{6,10}$/.test(digits) ? digits : null
}

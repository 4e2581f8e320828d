// Phone numbers: what is accepted, its E.164 form and its masked form. Whether a country is served is for start.ts to decide.
// Uses the largest metadata: only it tells premium-rate lines apart in every country (some 14 MB and 40 ms, once).
import { parsePhoneNumberFromString, type NumberType, type PhoneNumber } from 'libphonenumber-js/max'
import { withAsciiDigits } from './unicode-digits.ts'

/** `country` is ISO 3166-1 alpha-2, missing for numbers of no country. `message` is a public sentence that does not quote the input. */
export type CanonicalPhone = { ok: true; canonical: string; country?: string } | { ok: false; message: string }

const invalid = { ok: false, message: 'must be one valid phone number in international form, such as +14155552671' } as const
const costly = { ok: false, message: 'must not be a premium-rate or shared-cost number' } as const

const maxLength = 64
const invisible = /[\p{C}\p{Zl}\p{Zp}]/u
const written = /^ *\+[0-9 .()\p{Pd}\u2212]+$/u
const notDigits = /[^0-9]/g

// A message or call to these costs the receiver, or pays whoever asked for it.
const costlyTypes: ReadonlySet<NumberType> = new Set(['PREMIUM_RATE', 'SHARED_COST', 'VOICEMAIL'])

// Set aside for films and tests, so in no numbering plan; they reach nobody, and people type them when they try things out.
const fictional: readonly (readonly [RegExp, string])[] = [
  [/^\+1555\d{7}$/, 'US'],
  [/^\+447700900\d{3}$/, 'GB'],
]

/** The E.164 form of one international number; refuses extensions, letters, invisible characters and numbers no plan knows. */
export function canonicalPhoneNumber(to: string): CanonicalPhone {
  if (to.length > maxLength || invisible.test(to)) return invalid
  const text = withAsciiDigits(to.normalize('NFKC'))
  if (!written.test(text) || !hasPlausibleParentheses(text)) return invalid
  const number = parse(`+${text.replace(notDigits, '')}`)
  if (!number?.isPossible()) return invalid
  if (number.isValid()) {
    if (costlyTypes.has(number.getType())) return costly
    return { ok: true, canonical: number.number, ...(number.country ? { country: number.country } : {}) }
  }
  const country = fictional.find(([pattern]) => pattern.test(number.number))?.[1]
  return country === undefined ? invalid : { ok: true, canonical: number.number, country }
}

/** `+1•••••2671`: calling code, five bullets, at most the last four digits and fewer where that would hide less than four. */
export function maskPhoneNumber(canonical: string): string {
  const number = parse(canonical)
  if (!number) return '•••••'
  const shown = Math.min(4, Math.max(0, number.nationalNumber.length - 4))
  return `+${number.countryCallingCode}•••••${shown === 0 ? '' : number.nationalNumber.slice(-shown)}`
}

/** `(0)` and an area code, each closed before the next one opens. */
function hasPlausibleParentheses(text: string): boolean {
  return /^[^()]*(?:\([0-9 ]+\)[^()]*){0,2}$/.test(text)
}

function parse(text: string): PhoneNumber | undefined {
  return parsePhoneNumberFromString(text, { extract: false })
}

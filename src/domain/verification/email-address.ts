// E-mail addresses: a grammar of our own, stricter than RFC 5321, so that no parser further on can read one as somebody else's.
// Whether the domain receives mail is for the provider to find out.
import { domainToASCII, domainToUnicode } from 'node:url'

/** `message` is a public sentence that does not quote the input. */
export type CanonicalEmail = { ok: true; canonical: string } | { ok: false; message: string }

const invalid = { ok: false, message: 'must be one plain e-mail address, such as ada@example.com' } as const
const nonAsciiLocal = { ok: false, message: 'must have only ASCII characters before the @' } as const
const mixedScripts = { ok: false, message: 'must not mix alphabets within a part of its domain' } as const

// RFC 5321 §4.5.3.1: 254 is what is left of a 256-character path without its angle brackets.
const maxInputLength = 320
const maxLength = 254
const maxLocalLength = 64
const maxLabelLength = 63

const invisible = /[\p{C}\p{Z}\s]/u
// RFC 5322 dot-atom without ! and %: mail servers still read those as routes to another host (bang paths, the percent hack).
const local = /^[a-z0-9#$&'*+/=?^_`{|}~-]+(?:\.[a-z0-9#$&'*+/=?^_`{|}~-]+)*$/
// Before the URL parser behind domainToASCII sees it, since that one understands %41, ports, paths and IP addresses.
const domainText = /^[\p{L}\p{M}\p{N}-]+(?:\.[\p{L}\p{M}\p{N}-]+)+$/u
const asciiLabel = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/
const topLevel = /^(?:[a-z]{2,63}|xn--[a-z0-9-]+)$/

/**
 * The lower-case ASCII form of one address. Local parts are lower-cased although RFC 5321 lets a host tell `Ada` from `ada`: hardly one
 * does, and otherwise one mailbox would have as many limits as it has spellings. Non-ASCII local parts are refused, since they arrive
 * only if every server on the way speaks SMTPUTF8, which nobody knows beforehand. Non-ASCII domains become punycode.
 */
export function canonicalEmailAddress(to: string): CanonicalEmail {
  if (to.length > maxInputLength || invisible.test(to)) return invalid
  const text = to.normalize('NFKC')
  const at = text.lastIndexOf('@')
  const localPart = text.slice(0, at).toLowerCase()
  if (at < 1 || invisible.test(text)) return invalid
  if (!local.test(localPart)) return /^[\p{ASCII}]*$/u.test(text.slice(0, at)) ? invalid : nonAsciiLocal
  const domain = canonicalDomain(text.slice(at + 1))
  if (typeof domain !== 'string') return domain
  const canonical = `${localPart}@${domain}`
  return localPart.length > maxLocalLength || canonical.length > maxLength ? invalid : { ok: true, canonical }
}

/** `a•••••@e•••••.com`: first letter of the local part and of the domain, always five bullets, the top-level domain. */
export function maskEmailAddress(canonical: string): string {
  const at = canonical.lastIndexOf('@')
  const dot = canonical.lastIndexOf('.')
  if (at < 1 || dot < at) return '•••••'
  return `${canonical.charAt(0)}•••••@${canonical.charAt(at + 1)}•••••${canonical.slice(dot)}`
}

function canonicalDomain(text: string): string | Extract<CanonicalEmail, { ok: false }> {
  if (!domainText.test(text)) return invalid
  const ascii = domainToASCII(text)
  const labels = ascii.split('.')
  const unicode = domainToUnicode(ascii)
  if (!labels.every(isLabel) || !topLevel.test(labels.at(-1) ?? '')) return invalid
  // What will not decode, or decodes to what encodes otherwise, is not punycode but something dressed as it.
  if (/(?:^|\.)xn--/.test(unicode) || domainToASCII(unicode) !== ascii) return invalid
  const unicodeLabels = unicode.split('.')
  return unicodeLabels.every(isOfOneAlphabet) && !isLookAlike(unicodeLabels) ? ascii : mixedScripts
}

function isLabel(label: string): boolean {
  // Two hyphens in third place are reserved for encodings (RFC 5891 §4.2.3.1), and punycode is the only one.
  return label.length <= maxLabelLength && asciiLabel.test(label) && (label.startsWith('xn--') || label.slice(2, 4) !== '--')
}

// Unicode TS 39, "highly restrictive": one script, or one of the three East Asian sets. Latin joins those only.
const scripts =
  'Latin Greek Cyrillic Armenian Hebrew Arabic Thaana Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada Malayalam Sinhala ' +
  'Thai Lao Tibetan Myanmar Georgian Ethiopic Khmer Hangul'

const alphabets: readonly RegExp[] = [
  ...scripts.split(' ').map((script) => new RegExp(`^(?:\\p{scx=${script}}|[0-9-])+$`, 'u')),
  /^(?:\p{scx=Latin}|\p{scx=Han}|\p{scx=Hiragana}|\p{scx=Katakana}|[0-9-])+$/u,
  /^(?:\p{scx=Latin}|\p{scx=Han}|\p{scx=Bopomofo}|[0-9-])+$/u,
  /^(?:\p{scx=Latin}|\p{scx=Han}|\p{scx=Hangul}|[0-9-])+$/u,
]

function isOfOneAlphabet(label: string): boolean {
  return alphabets.some((alphabet) => alphabet.test(label))
}

// Labels of one alphabet that still read as Latin ones, such as a Cyrillic "apple": browsers show them as punycode unless their TLD is of
// that alphabet.
const readsAsLatin = /^(?=.*\P{ASCII})(?:[асԁеһіјӏорԛѕԝхуьҽпгѵѡкмтвнω\d-]+|[αικνορτυχγ\d-]+)$/u

function isLookAlike(labels: readonly string[]): boolean {
  return /^[a-z]+$/.test(labels.at(-1) ?? '') && labels.some((label) => readsAsLatin.test(label))
}

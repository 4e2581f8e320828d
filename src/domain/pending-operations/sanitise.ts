// What never leaves but by consuming: members whose name says that they hold a secret, at any depth (contract §3).
import { isPlainObject, type PlainObject } from './plain-data.ts'

/** A name that holds one of these anywhere, case and separators apart, is a secret's. */
const anywhere = [
  'password',
  'passwd',
  'passphrase',
  'passcode',
  'passkey',
  'pwd',
  'secret',
  'token',
  'apikey',
  'privatekey',
  'accesskey',
  'signingkey',
  'encryptionkey',
  'masterkey',
  'sessionkey',
  'credential',
  'authorization',
  'authorisation',
  'bearer',
  'cookie',
  'sessionid',
  'onetime',
  'authkey',
  'resetlink',
  'magiclink',
  'twofactor',
  '2fa',
  'totp',
  'mnemonic',
  'seedphrase',
  'recoveryphrase',
  'securityanswer',
  'cardnumber',
  'cvv',
  'cvc',
  'hashed',
  'signature',
  'jwt',
] as const

/** And one that has one of these as a word of its own. */
const words: ReadonlySet<string> = new Set(['pass', 'salt', 'csc', 'pan', 'mfa', 'nonce', 'verifier', 'answer', 'answers'])

/** And one of which a word begins or ends in one of these, such as "smsotp" or "pinnumber". QR codes are how authenticators get their secret. */
const edges = /^(?:otp|pin|hash|code|pw|qr)|(?:otp|pin|hash|code|pw|qr)s?$|hashes$/

/** The same, with whatever signs between the letters. */
const alone = /^(?:otp|pin|hash|code|pw|qr)s?$/

/** Words of the language that only look like it. */
const openWords = /^(?:pin(?:eapples?|gs?|ks?|ts?|ned|board|point|terest)|spins?|hashtags?|codecs?|codebase)$/

/** Codes that everybody may know: what comes before "code" in them. */
const openCodes =
  /(?:country|postal|post|zip|area|dial|dialing|dialling|calling|language|lang|locale|currency|error|status|state|region|province|city|airport|product|colou?r|reason|exit|source|tax|branch|bank|sort|swift|department|cost|item|bar)codes?$/

/** True for a name that says it holds a secret. */
export function isSecretName(name: string): boolean {
  const split = name
    .normalize('NFKC')
    .replaceAll(/(\p{Ll})(?=\p{Lu})/gu, '$1 ')
    // The s of "PINs" is no word.
    .replaceAll(/(\p{Lu})(?=\p{Lu}(?!s(?!\p{Ll}))\p{Ll})/gu, '$1 ')
    .toLowerCase()
  const whole = split.replaceAll(/[^\p{L}\p{N}]+/gu, '')
  if (anywhere.some((part) => whole.includes(part))) return true
  // Digits part words too: "otp2", "code1".
  const parts = split.split(/\P{L}+/u).filter(Boolean)
  const letters = parts.join('')
  if (alone.test(letters) || words.has(letters)) return true
  const isOpenCode = openCodes.test(letters)
  const telling = parts.filter((part) => !openWords.test(part) && !(isOpenCode && /codes?$/.test(part)))
  return telling.some((part) => words.has(part) || edges.test(part))
}

/** A copy without the members that hold secrets, in objects and arrays alike. */
export function sanitise(value: PlainObject): PlainObject {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !isSecretName(name))
      .map(([name, inner]) => [name, sanitiseValue(inner)]),
  )
}

function sanitiseValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sanitiseValue)
  return isPlainObject(value) ? sanitise(value) : value
}

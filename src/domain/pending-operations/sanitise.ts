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

/** And one that is one of these, or ends in one as a word of its own. */
const words: ReadonlySet<string> = new Set([
  'code',
  'codes',
  'otp',
  'otps',
  'pin',
  'pins',
  'pass',
  'hash',
  'hashes',
  'salt',
  'csc',
  'pan',
  'mfa',
  'nonce',
  'verifier',
])

/** Codes that everybody may know: what comes before "code" in them. */
const openCodes =
  /(?:country|postal|post|zip|area|dial|dialing|dialling|calling|language|lang|locale|currency|error|status|state|region|province|city|airport|product|colou?r|reason|exit|source|tax|branch|bank|sort|swift|department|cost|item|bar|qr)codes?$/

/** True for a name that says it holds a secret. */
export function isSecretName(name: string): boolean {
  const split = name
    .normalize('NFKC')
    .replaceAll(/(\p{Ll}|\p{N})(?=\p{Lu})/gu, '$1 ')
    .replaceAll(/(\p{Lu})(?=\p{Lu}\p{Ll})/gu, '$1 ')
  const parts = split
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
  const whole = parts.join('')
  if (anywhere.some((part) => whole.includes(part))) return true
  if (openCodes.test(whole)) return false
  return /codes?$/.test(whole) || parts.some((part) => words.has(part)) || words.has(whole)
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

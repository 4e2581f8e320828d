// Object identifiers of digest and signature algorithms, and what node:crypto calls them. An identifier that is not here is not understood.
import type { Asn1 } from './asn1.ts'
import { isContext, isUniversal, oidOf } from './asn1.ts'

/** `bytes`: the length asked of an extendable function. `weak`: collisions can be made. */
export type Digest = { name: string; hash: string; bytes?: number; weak?: boolean }
export type SignatureScheme =
  | { kind: 'rsa'; digest?: Digest }
  | { kind: 'rsa-pss'; digest: Digest; saltBytes: number }
  | { kind: 'ecdsa'; digest?: Digest; plain: boolean }
  | { kind: 'eddsa'; curve: 'ed25519' | 'ed448' }

const digests: Record<string, Digest> = {
  '1.3.14.3.2.26': { name: 'SHA-1', hash: 'sha1', weak: true },
  '1.3.36.3.2.1': { name: 'RIPEMD-160', hash: 'ripemd160', weak: true },
  '2.16.840.1.101.3.4.2.1': { name: 'SHA-256', hash: 'sha256' },
  '2.16.840.1.101.3.4.2.2': { name: 'SHA-384', hash: 'sha384' },
  '2.16.840.1.101.3.4.2.3': { name: 'SHA-512', hash: 'sha512' },
  '2.16.840.1.101.3.4.2.4': { name: 'SHA-224', hash: 'sha224' },
  '2.16.840.1.101.3.4.2.6': { name: 'SHA-512/256', hash: 'sha512-256' },
  '2.16.840.1.101.3.4.2.7': { name: 'SHA3-224', hash: 'sha3-224' },
  '2.16.840.1.101.3.4.2.8': { name: 'SHA3-256', hash: 'sha3-256' },
  '2.16.840.1.101.3.4.2.9': { name: 'SHA3-384', hash: 'sha3-384' },
  '2.16.840.1.101.3.4.2.10': { name: 'SHA3-512', hash: 'sha3-512' },
  // RFC 8419: with Ed448 the digest is SHAKE256 of 64 bytes.
  '2.16.840.1.101.3.4.2.12': { name: 'SHAKE256', hash: 'shake256', bytes: 64 },
  '2.16.840.1.101.3.4.2.18': { name: 'SHAKE256', hash: 'shake256', bytes: 64 },
}

const digestOids = new Map(Object.entries(digests).map(([oid, digest]) => [digest.name, oid]))

const rsaSchemes: Record<string, string | null> = {
  '1.2.840.113549.1.1.1': null,
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.2.840.113549.1.1.14': 'SHA-224',
  '1.2.840.113549.1.1.11': 'SHA-256',
  '1.2.840.113549.1.1.12': 'SHA-384',
  '1.2.840.113549.1.1.13': 'SHA-512',
  '1.3.36.3.3.1.2': 'RIPEMD-160',
  '2.16.840.1.101.3.4.3.13': 'SHA3-224',
  '2.16.840.1.101.3.4.3.14': 'SHA3-256',
  '2.16.840.1.101.3.4.3.15': 'SHA3-384',
  '2.16.840.1.101.3.4.3.16': 'SHA3-512',
}

const ecdsaSchemes: Record<string, string | null> = {
  '1.2.840.10045.2.1': null,
  '1.2.840.10045.4.1': 'SHA-1',
  '1.2.840.10045.4.3.1': 'SHA-224',
  '1.2.840.10045.4.3.2': 'SHA-256',
  '1.2.840.10045.4.3.3': 'SHA-384',
  '1.2.840.10045.4.3.4': 'SHA-512',
  '2.16.840.1.101.3.4.3.9': 'SHA3-224',
  '2.16.840.1.101.3.4.3.10': 'SHA3-256',
  '2.16.840.1.101.3.4.3.11': 'SHA3-384',
  '2.16.840.1.101.3.4.3.12': 'SHA3-512',
}

/** BSI TR-03111: r and s one after the other instead of a DER sequence. */
const plainEcdsaSchemes: Record<string, string> = {
  '0.4.0.127.0.7.1.1.4.1.1': 'SHA-1',
  '0.4.0.127.0.7.1.1.4.1.2': 'SHA-224',
  '0.4.0.127.0.7.1.1.4.1.3': 'SHA-256',
  '0.4.0.127.0.7.1.1.4.1.4': 'SHA-384',
  '0.4.0.127.0.7.1.1.4.1.5': 'SHA-512',
  '0.4.0.127.0.7.1.1.4.1.6': 'RIPEMD-160',
  '0.4.0.127.0.7.1.1.4.1.8': 'SHA3-224',
  '0.4.0.127.0.7.1.1.4.1.9': 'SHA3-256',
  '0.4.0.127.0.7.1.1.4.1.10': 'SHA3-384',
  '0.4.0.127.0.7.1.1.4.1.11': 'SHA3-512',
}

/** Digests that are not computed here, but known by name: they are broken. */
const brokenDigests: Readonly<Record<string, string>> = { '1.2.840.113549.2.2': 'MD2', '1.2.840.113549.2.5': 'MD5' }

/** What a digest is called: a name for those that are known, else its identifier; null for none. */
export function nameDigest(algorithm: Asn1 | undefined): string | null {
  const oid = oidOf(algorithm?.children[0])
  return oid === undefined ? null : (digests[oid]?.name ?? brokenDigests[oid] ?? oid)
}

/** Whether collisions of a digest can be made, by its name as nameDigest gives it. */
export function isWeakDigestName(name: string | null): boolean {
  return name !== null && (digestNamed(name)?.weak === true || Object.values(brokenDigests).includes(name))
}

/** The digest of an AlgorithmIdentifier; undefined if it is not understood. */
export function digestOf(algorithm: Asn1 | undefined): Digest | undefined {
  return digests[oidOf(algorithm?.children[0]) ?? '']
}

/** The digest by its name as in this file's table. */
export function digestNamed(name: string): Digest | undefined {
  return digests[digestOids.get(name) ?? '']
}

/** The signature scheme of an AlgorithmIdentifier; undefined if it is not understood. */
export function schemeOf(algorithm: Asn1 | undefined): SignatureScheme | undefined {
  const oid = oidOf(algorithm?.children[0]) ?? ''
  if (oid in rsaSchemes) return { kind: 'rsa', ...digestField(rsaSchemes[oid]) }
  if (oid in ecdsaSchemes) return { kind: 'ecdsa', plain: false, ...digestField(ecdsaSchemes[oid]) }
  if (oid in plainEcdsaSchemes) return { kind: 'ecdsa', plain: true, ...digestField(plainEcdsaSchemes[oid]) }
  if (oid === '1.3.101.112') return { kind: 'eddsa', curve: 'ed25519' }
  if (oid === '1.3.101.113') return { kind: 'eddsa', curve: 'ed448' }
  return oid === '1.2.840.113549.1.1.10' ? pssScheme(algorithm?.children[1]) : undefined
}

function digestField(name: string | null | undefined): { digest?: Digest } {
  const digest = digestNamed(name ?? '')
  return digest === undefined ? {} : { digest }
}

// RFC 4055, 3.1. node:crypto takes one hash for both parts, and so does nearly everyone: differing ones are not understood.
function pssScheme(parameters: Asn1 | undefined): SignatureScheme | undefined {
  if (!isUniversal(parameters, 16)) return undefined
  const [hashField, maskField, saltField, trailerField] = [0, 1, 2, 3].map(
    (tag) => parameters.children.find((child) => isContext(child, tag))?.children[0],
  )
  const digest = hashField === undefined ? digestNamed('SHA-1') : digestOf(hashField)
  const maskDigest = maskField === undefined ? digestNamed('SHA-1') : digestOf(maskField.children[1])
  const isMgf1 = maskField === undefined || oidOf(maskField.children[0]) === '1.2.840.113549.1.1.8'
  const saltBytes = saltField === undefined ? 20 : smallInteger(saltField)
  const isTrailerKnown = trailerField === undefined || smallInteger(trailerField) === 1
  if (digest === undefined || digest !== maskDigest || !isMgf1 || !isTrailerKnown || saltBytes === undefined) return undefined
  return { kind: 'rsa-pss', digest, saltBytes }
}

function smallInteger(element: Asn1): number | undefined {
  return isUniversal(element, 2) && element.content.length <= 2 && element.content.length > 0
    ? element.content.readUIntBE(0, element.content.length)
    : undefined
}

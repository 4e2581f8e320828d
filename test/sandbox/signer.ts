// Signers for the tests: fresh keys, certificates, CMS signatures and time-stamp tokens of every algorithm that the judge understands.
import type { KeyObject, SignKeyObjectInput } from 'node:crypto'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { bitString, der, integer, none, octets, oid, sequence, set, time, utf8 } from './der.ts'

export const nowMs = Date.UTC(2026, 10, 20, 12)
const dayMs = 86_400_000

type Scheme = {
  algorithm: Buffer
  digestOid: string
  hash: string
  digestBytes?: number
  options: Omit<SignKeyObjectInput, 'key'>
  isEdwards?: boolean
}
export type Signer = { name: string; subject: Buffer; key: KeyObject; certificate: Buffer; scheme: Scheme; issuer?: Signer }

const SHA256 = '2.16.840.1.101.3.4.2.1'
const pss = { padding: 6, saltLength: 32 }
const sha256 = sequence(oid(SHA256), none)
const pssParameters = sequence(der(0xa0, sha256), der(0xa1, sequence(oid('1.2.840.113549.1.1.8'), sha256)), der(0xa2, integer(32)))

export const schemes = {
  'RSA SHA-256': { algorithm: sequence(oid('1.2.840.113549.1.1.11'), none), digestOid: SHA256, hash: 'sha256', options: {} },
  'RSA-PSS': { algorithm: sequence(oid('1.2.840.113549.1.1.10'), pssParameters), digestOid: SHA256, hash: 'sha256', options: pss },
  'RSA SHA3-256': {
    algorithm: sequence(oid('2.16.840.1.101.3.4.3.14'), none),
    digestOid: '2.16.840.1.101.3.4.2.8',
    hash: 'sha3-256',
    options: {},
  },
  ECDSA: { algorithm: sequence(oid('1.2.840.10045.4.3.2')), digestOid: SHA256, hash: 'sha256', options: {} },
  'plain ECDSA': {
    algorithm: sequence(oid('0.4.0.127.0.7.1.1.4.1.3')),
    digestOid: SHA256,
    hash: 'sha256',
    options: { dsaEncoding: 'ieee-p1363' },
  },
  Ed25519: { algorithm: sequence(oid('1.3.101.112')), digestOid: '2.16.840.1.101.3.4.2.3', hash: 'sha512', options: {}, isEdwards: true },
  Ed448: {
    algorithm: sequence(oid('1.3.101.113')),
    digestOid: '2.16.840.1.101.3.4.2.12',
    hash: 'shake256',
    digestBytes: 64,
    options: {},
    isEdwards: true,
  },
} as const satisfies Record<string, Scheme>
export type SchemeName = keyof typeof schemes

/** `attributes` are further ones of the name: object identifier and text. `usages` are extensions of any kind. */
type SignerOptions = {
  scheme?: SchemeName
  issuer?: Signer
  attributes?: [string, string][]
  usages?: Buffer[]
  isAuthority?: boolean
  notAfterMs?: number
}

function generateKeys(scheme: SchemeName): { publicKey: KeyObject; privateKey: KeyObject } {
  if (scheme === 'Ed25519') return generateKeyPairSync('ed25519')
  if (scheme === 'Ed448') return generateKeyPairSync('ed448')
  return scheme.startsWith('RSA') ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

/** A signer with a certificate of its own making, or of an issuer's. ECDSA if nothing else is said. */
export function createSigner(name: string, options: SignerOptions = {}): Signer {
  const schemeName = options.scheme ?? 'ECDSA'
  const { publicKey, privateKey } = generateKeys(schemeName)
  const scheme: Scheme = schemes[schemeName]
  const issuer = options.issuer
  const subject = nameOf(name, options.attributes)
  // Nobody signs certificates with the plain form of ECDSA.
  const signing = issuer?.scheme ?? scheme
  const issuerScheme: Scheme = signing.options.dsaEncoding === undefined ? signing : schemes.ECDSA
  const constraints = sequence(oid('2.5.29.19'), der(0x01, Buffer.from([255])), octets(sequence(der(0x01, Buffer.from([255])))))
  const extensions = [...(options.isAuthority === true ? [constraints] : []), ...(options.usages ?? [])]
  const body = sequence(
    der(0xa0, integer(2)),
    integer(serialOf(name)),
    issuerScheme.algorithm,
    issuer?.subject ?? subject,
    sequence(time(nowMs - 30 * dayMs), time(options.notAfterMs ?? nowMs + 365 * dayMs)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [der(0xa3, sequence(...extensions))]),
  )
  const value = signBytes(issuer?.key ?? privateKey, issuerScheme, body)
  return {
    name,
    subject,
    key: privateKey,
    certificate: sequence(body, issuerScheme.algorithm, bitString(value)),
    scheme,
    ...(issuer === undefined ? {} : { issuer }),
  }
}

/** A certificate extension for time-stamping. */
export function timestampUsage(): Buffer {
  return sequence(oid('2.5.29.37'), der(0x01, Buffer.from([255])), octets(sequence(oid('1.3.6.1.5.5.7.3.8'))))
}

function serialOf(name: string): number {
  return 1000 + (createHash('sha256').update(name).digest().readUInt16BE(0) % 60_000)
}

function nameOf(name: string, attributes: readonly [string, string][] = []): Buffer {
  const all: readonly [string, string][] = [['2.5.4.3', name], ...attributes]
  return sequence(...all.map(([type, text]) => set(sequence(oid(type), utf8(text)))))
}

/** A certificate extension with this content. */
export function extension(type: string, content: Buffer): Buffer {
  return sequence(oid(type), octets(content))
}

function signBytes(key: KeyObject, scheme: Scheme, bytes: Buffer): Buffer {
  return sign(scheme.isEdwards === true ? null : scheme.hash, bytes, { key, ...scheme.options })
}

/** The digest that a signer's scheme goes with. */
export function digestBy(scheme: Scheme, ...parts: Buffer[]): Buffer {
  const hash = createHash(scheme.hash, scheme.digestBytes === undefined ? {} : { outputLength: scheme.digestBytes })
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** `names`: the certificate that is named in what is signed, if not the signer's own; null for none. */
export type MessageOptions = {
  names?: Buffer | null
  contentType?: string
  content?: Buffer
  timestamp?: (value: Buffer) => Buffer
  withoutAttributes?: boolean
  withoutCertificate?: boolean
  claimedDigest?: Buffer
}

/** A CMS message of this signer over the parts (or over its own content, if it has some). */
export function signMessage(signer: Signer, parts: Buffer[], options: MessageOptions = {}): Buffer {
  const contentType = oid(options.contentType ?? '1.2.840.113549.1.7.1')
  const digestAlgorithm = sequence(oid(signer.scheme.digestOid))
  const certificateId = sequence(
    sequence(
      sequence(
        octets(
          createHash('sha256')
            .update(options.names ?? signer.certificate)
            .digest(),
        ),
      ),
    ),
  )
  const attributes = [
    sequence(oid('1.2.840.113549.1.9.3'), set(contentType)),
    sequence(oid('1.2.840.113549.1.9.5'), set(time(nowMs))),
    sequence(oid('1.2.840.113549.1.9.4'), set(octets(options.claimedDigest ?? digestBy(signer.scheme, ...parts)))),
    ...(options.names === null ? [] : [sequence(oid('1.2.840.113549.1.9.16.2.47'), set(certificateId))]),
  ]
  const signed = options.withoutAttributes === true ? Buffer.concat(parts) : set(...attributes)
  const value = signBytes(signer.key, signer.scheme, signed)
  const unsigned =
    options.timestamp === undefined ? [] : [der(0xa1, sequence(oid('1.2.840.113549.1.9.16.2.14'), set(options.timestamp(value))))]
  const signerInfo = sequence(
    integer(1),
    sequence(signer.issuer?.subject ?? signer.subject, integer(serialOf(signer.name))),
    digestAlgorithm,
    ...(options.withoutAttributes === true ? [] : [Buffer.concat([Buffer.from([0xa0]), signed.subarray(1)])]),
    signer.scheme.algorithm,
    octets(value),
    ...unsigned,
  )
  const content = options.content === undefined ? [] : [der(0xa0, octets(options.content))]
  const issuers = signer.issuer === undefined ? [] : [signer.issuer.certificate]
  const certificates = options.withoutCertificate === true ? [] : [der(0xa0, signer.certificate, ...issuers)]
  const signedData = sequence(integer(3), set(digestAlgorithm), sequence(contentType, ...content), ...certificates, set(signerInfo))
  return sequence(oid('1.2.840.113549.1.7.2'), der(0xa0, signedData))
}

/** A time-stamp token over the parts. */
export function createToken(authority: Signer, parts: Buffer[], atMs = nowMs): Buffer {
  const imprint = sequence(sha256, octets(createHash('sha256').update(Buffer.concat(parts)).digest()))
  const info = sequence(integer(1), oid('1.2.3.4'), imprint, integer(42), time(atMs))
  return signMessage(authority, [info], { contentType: '1.2.840.113549.1.9.16.1.4', content: info })
}

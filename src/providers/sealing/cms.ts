// The seal's signature as a CMS message (RFC 5652) for PAdES baseline B (ETSI EN 319 142-1): detached, one signer, the signer's certificate bound by a signed
// attribute. The time is not in it: PAdES takes it from the signature dictionary.
import { createHash, sign, type KeyObject } from 'node:crypto'
import { der, derInteger, derNull, derOctets, derOid, derSequence, derSet } from '../../lib/der.ts'
import type { CertificateParts } from './certificate.ts'

const oids = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  sha256: '2.16.840.1.101.3.4.2.1',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  rsaWithSha256: '1.2.840.113549.1.1.11',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
} as const

/** Whose signature it is: an RSA or EC key, its certificate, and certificates that lead from it upwards. */
export type CmsSigner = { key: KeyObject; certificate: CertificateParts; chain: readonly Buffer[] }

/** DER of the message over what has this SHA-256. */
export function signCms({ key, certificate, chain }: CmsSigner, sha256: Buffer): Buffer {
  const digest = derSequence(derOid(oids.sha256))
  // ESSCertIDv2 (RFC 5035) with its default hash, SHA-256.
  const reference = derSequence(derSequence(derSequence(derOctets(createHash('sha256').update(certificate.der).digest()))))
  const attributes = derSet(
    attribute(oids.contentType, derOid(oids.data)),
    attribute(oids.messageDigest, derOctets(sha256)),
    attribute(oids.signingCertificateV2, reference),
  )
  const algorithm =
    key.asymmetricKeyType === 'rsa' ? derSequence(derOid(oids.rsaWithSha256), derNull) : derSequence(derOid(oids.ecdsaWithSha256))
  const signerInfo = derSequence(
    derInteger(1),
    derSequence(certificate.issuer, certificate.serialNumber),
    digest,
    // RFC 5652, 5.4: signed as a set, sent under a tag of its own.
    Buffer.concat([Buffer.from([0xa0]), attributes.subarray(1)]),
    algorithm,
    derOctets(sign('sha256', attributes, key)),
  )
  const signedData = derSequence(
    derInteger(1),
    derSet(digest),
    derSequence(derOid(oids.data)),
    der(0xa0, certificate.der, ...chain),
    derSet(signerInfo),
  )
  return derSequence(derOid(oids.signedData), der(0xa0, signedData))
}

function attribute(oid: string, value: Buffer): Buffer {
  return derSequence(derOid(oid), derSet(value))
}

// Holds the pieces of one CMS message against each other and against the data that it should sign. Used for signatures and time-stamps.
import { createHash } from 'node:crypto'
import type { Integrity, SubIndication } from '../../contracts/signature.ts'
import { digestOf, digestNamed } from './algorithms.ts'
import type { Asn1 } from './asn1.ts'
import { isUniversal, oidOf, timeOf } from './asn1.ts'
import type { Certificate } from './certificate.ts'
import { findCertificate, readCertificate } from './certificate.ts'
import type { SignedMessage } from './cms.ts'
import { computeDigest, describeScheme, verifyValue } from './verify-signature.ts'

const CONTENT_TYPE = '1.2.840.113549.1.9.3'
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4'
const SIGNING_TIME = '1.2.840.113549.1.9.5'
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12'
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47'

const decisiveTypes = [CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME, SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2]

/** Whether what is signed names the signer's certificate: it does, it names another one, it names none, or there is nothing to compare. */
export type CertificateReference = 'bound' | 'mismatched' | 'absent' | 'unknown'

/** What was found out. `failure` is set exactly when the integrity is not `intact`. */
export type MessageVerdict = {
  integrity: Integrity
  failure?: { subIndication: SubIndication; code: string; text: string }
  certificate?: Certificate
  certificates: Certificate[]
  algorithm: string | null
  digestName: string | null
  weak: boolean
  reference: CertificateReference
  claimedAtMs?: number
}

type Order = 'der' | 'any'
type Failure = { integrity: Integrity; failure: NonNullable<MessageVerdict['failure']> }

/**
 * Judges a message over these parts of data (for an attached content: its bytes). `attributeOrder`: CAdES asks for the order of DER
 * (`der`); older formats are made and read with the attributes in any order (`any`), which says nothing about the data.
 */
export function judgeMessage(message: SignedMessage, parts: readonly Buffer[], attributeOrder: Order = 'any'): MessageVerdict {
  const certificates = message.certificates.flatMap((der) => readCertificate(der) ?? [])
  const certificate = findCertificate(certificates, message.signerId)
  const { digest, scheme } = message
  const claimedAtMs = timeOf(onlyValue(message, SIGNING_TIME))
  const facts = {
    certificates,
    ...(certificate === undefined ? {} : { certificate }),
    algorithm: digest === undefined || scheme === undefined ? null : describeScheme(scheme, digest, certificate?.key),
    weak: digest?.weak === true || (scheme !== undefined && 'digest' in scheme && scheme.digest?.weak === true),
    digestName: message.digestName,
    reference: readReference(message, certificate),
    ...(claimedAtMs === undefined ? {} : { claimedAtMs }),
  }
  return { ...facts, ...(findFailure(message, certificate, parts, attributeOrder) ?? { integrity: 'intact' as const }) }
}

function findFailure(
  message: SignedMessage,
  certificate: Certificate | undefined,
  parts: readonly Buffer[],
  order: Order,
): Failure | undefined {
  if (message.trailing.some((byte) => byte !== 0))
    return altered('FORMAT_FAILURE', 'trailing_bytes', 'There are bytes after the signature value.')
  if (message.digest === undefined || message.scheme === undefined) {
    return unsupported('unknown_algorithm', 'The algorithm is not understood.', 'CRYPTO_CONSTRAINTS_FAILURE')
  }
  const attributes = findAttributeFailure(message)
  if (attributes !== undefined) return attributes
  const computed = computeDigest(message.digest, parts)
  if (computed === undefined) return unsupported('unknown_algorithm', 'The digest cannot be computed here.', 'CRYPTO_CONSTRAINTS_FAILURE')
  const digest = onlyValue(message, MESSAGE_DIGEST)
  if (!digest?.content.equals(computed))
    return altered('HASH_FAILURE', 'digest_mismatch', 'The signed bytes are not those that were signed.')
  return findValueFailure(message, certificate, order)
}

// Without signed attributes what is signed is ambiguous: the data of one message can be the attributes of another.
function findAttributeFailure(message: SignedMessage): Failure | undefined {
  if (message.signedAttributesDer === undefined)
    return unsupported('no_signed_attributes', 'The signature has no signed attributes.', 'SIG_CONSTRAINTS_FAILURE')
  if (decisiveTypes.some((type) => (message.signedAttributes.values.get(type)?.length ?? 1) !== 1))
    return unsupported('repeated_attribute', 'A signed attribute is given twice.')
  const contentType = onlyValue(message, CONTENT_TYPE)
  if (contentType === undefined || oidOf(contentType) !== message.contentType) {
    return unsupported('content_type', 'The signed content type is missing or another one.')
  }
  if (!isUniversal(onlyValue(message, MESSAGE_DIGEST), 4)) return unsupported('no_message_digest', 'The signed message digest is missing.')
  return undefined
}

function findValueFailure(message: SignedMessage, certificate: Certificate | undefined, order: Order): Failure | undefined {
  const { digest, scheme, signedAttributesDer, signedAttributesAsSent } = message
  if (certificate === undefined)
    return unsupported('no_certificate', 'The certificate of the signer is not in the signature.', 'NO_SIGNING_CERTIFICATE_FOUND')
  if (
    certificate.key === undefined ||
    digest === undefined ||
    scheme === undefined ||
    signedAttributesDer === undefined ||
    signedAttributesAsSent === undefined
  ) {
    return unsupported('unknown_key', 'The key of the certificate is not understood.', 'CRYPTO_CONSTRAINTS_FAILURE')
  }
  const key = certificate.key
  const [isRight, isRightAsSent] = [signedAttributesDer, signedAttributesAsSent].map((signed) =>
    verifyValue(scheme, digest, key, signed, message.value),
  )
  if (isRight === undefined) return unsupported('unknown_algorithm', 'Algorithm and key do not go together.', 'CRYPTO_CONSTRAINTS_FAILURE')
  if (!isRight && isRightAsSent === true && order === 'der') {
    return unsupported('signed_attributes_order', 'What was signed is not in the order that the standard asks.')
  }
  if (!isRight && isRightAsSent !== true)
    return altered('SIG_CRYPTO_FAILURE', 'signature_value', 'The signature value does not fit the certificate.')
  if (readReference(message, certificate) === 'mismatched') {
    return altered('SIG_CRYPTO_FAILURE', 'another_certificate', 'The certificate is not the one that was signed with.')
  }
  return undefined
}

function namesCertificate(message: SignedMessage): boolean {
  return [SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2].some((type) => message.signedAttributes.values.has(type))
}

function readReference(message: SignedMessage, certificate: Certificate | undefined): CertificateReference {
  if (!namesCertificate(message)) return 'absent'
  if (certificate === undefined) return 'unknown'
  return isBound(message, certificate) ? 'bound' : 'mismatched'
}

// RFC 5035: the first certificate identifier is the signer's.
function isBound(message: SignedMessage, certificate: Certificate): boolean {
  return [SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2].every((type) => {
    const attribute = message.signedAttributes.values.get(type)?.[0]
    if (attribute === undefined) return true
    const identifier = attribute.children[0]?.children[0]
    const [first, second] = identifier?.children ?? []
    const isDigestGiven = type === SIGNING_CERTIFICATE_V2 && isUniversal(first, 16)
    const digest = isDigestGiven ? digestOf(first) : digestNamed(type === SIGNING_CERTIFICATE_V2 ? 'SHA-256' : 'SHA-1')
    const hash: Asn1 | undefined = isDigestGiven ? second : first
    return digest !== undefined && isUniversal(hash, 4) && computeDigest(digest, [certificate.der])?.equals(hash.content) === true
  })
}

function onlyValue(message: SignedMessage, type: string): Asn1 | undefined {
  const values = message.signedAttributes.values.get(type)
  return values?.length === 1 ? values[0] : undefined
}

function unsupported(code: string, text: string, subIndication: SubIndication = 'FORMAT_FAILURE'): Failure {
  return { integrity: 'unsupported', failure: { subIndication, code, text } }
}

function altered(subIndication: SubIndication, code: string, text: string): Failure {
  return { integrity: 'altered', failure: { subIndication, code, text } }
}

/** SHA-256 in hexadecimal, the usual fingerprint of a certificate. */
export function fingerprint(certificate: Certificate): string {
  return createHash('sha256').update(certificate.der).digest('hex')
}

// A certificate in the words of the rules: who it names, what its key is for, and what its issuer says about it (RFC 5280, ETSI EN 319 412-5).
import type { ExaminedCertificate } from '../../contracts/examination.ts'
import type { Asn1 } from '../signatures/asn1.ts'
import { isContext, isUniversal, oidOf, readWholeAsn1 } from '../signatures/asn1.ts'
import type { Certificate } from '../signatures/certificate.ts'
import { fingerprint } from '../signatures/signed-message.ts'
import { attributes, firstOf, readName, shorten, type NameAttributes } from './names.ts'

const KEY_USAGE = '2.5.29.15'
const ALTERNATIVE_NAME = '2.5.29.17'
const POLICIES = '2.5.29.32'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const QC_STATEMENTS = '1.3.6.1.5.5.7.1.3'
const QC_COMPLIANCE = '0.4.0.1862.1.1'
const QC_LIMIT_VALUE = '0.4.0.1862.1.2'
const maxListed = 40
const maxEmails = 20

/** RFC 5280, 4.2.1.3, from bit 0. */
const usages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
]

/** What an examination says of a certificate. What it does not say, or says in a way that cannot be read, is null or missing. */
export function describeCertificate(certificate: Certificate): ExaminedCertificate {
  const subject = readName(certificate.subjectName)
  const issuer = readName(certificate.issuerName)
  const statements = childrenOf(certificate, QC_STATEMENTS)
  return {
    sha256: fingerprint(certificate),
    serialNumber: certificate.serial.toString('hex').slice(0, 100),
    subject: {
      commonName: firstOf(subject, attributes.commonName),
      identifier: firstOf(subject, attributes.serialNumber, attributes.organizationIdentifier, attributes.uniqueIdentifier),
      emails: listEmails(certificate, subject),
      pseudonym: firstOf(subject, attributes.pseudonym),
      country: firstOf(subject, attributes.country),
    },
    issuer: {
      commonName: firstOf(issuer, attributes.commonName),
      organization: firstOf(issuer, attributes.organization),
      registryCode: firstOf(issuer, attributes.organizationIdentifier, attributes.serialNumber),
      country: firstOf(issuer, attributes.country),
    },
    notBefore: isoOf(certificate.notBeforeMs),
    notAfter: isoOf(certificate.notAfterMs),
    isSelfSigned: isSelfSigned(certificate),
    keyUsage: readKeyUsage(certificate),
    extendedKeyUsage: listOids(childrenOf(certificate, EXTENDED_KEY_USAGE)),
    policies: listOids(childrenOf(certificate, POLICIES).map((policy) => policy.children[0])),
    qualifying: statements.some((statement) => oidOf(statement.children[0]) === QC_COMPLIANCE),
    relianceLimit: readLimit(statements.find((statement) => oidOf(statement.children[0]) === QC_LIMIT_VALUE)?.children[1]),
  }
}

/** Issued by itself in name, and signed with its own key. */
export function isSelfSigned(certificate: Certificate): boolean {
  const { key, selfIssued, x509 } = certificate
  if (!selfIssued || key === undefined) return false
  try {
    return x509.verify(key)
  } catch {
    return false
  }
}

function childrenOf(certificate: Certificate, extension: string): Asn1[] {
  const content = certificate.extensions.get(extension)
  return content === undefined ? [] : (readWholeAsn1(content)?.children ?? [])
}

function listOids(elements: readonly (Asn1 | undefined)[]): string[] {
  return elements.flatMap((element) => oidOf(element)?.slice(0, 200) ?? []).slice(0, maxListed)
}

// From the name itself and from the alternative names (rfc822Name is [1]).
function listEmails(certificate: Certificate, subject: NameAttributes): string[] {
  const alternative = childrenOf(certificate, ALTERNATIVE_NAME).filter((name) => isContext(name, 1))
  const found = [...alternative.map((name) => shorten(name.content.toString('latin1'))), ...(subject.get(attributes.email) ?? [])]
  return [...new Set(found)].slice(0, maxEmails)
}

// A BIT STRING: the first content byte counts the unused bits at its end.
function readKeyUsage(certificate: Certificate): string[] | null {
  const content = certificate.extensions.get(KEY_USAGE)
  const bits = content === undefined ? undefined : readWholeAsn1(content)
  if (!isUniversal(bits, 3)) return null
  const value = bits.content.subarray(1)
  return usages.filter((_, bit) => ((value[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0)
}

// MonetaryValue: a currency by letters or by number, an amount, and the power of ten that it is multiplied by.
function readLimit(value: Asn1 | undefined): ExaminedCertificate['relianceLimit'] {
  const [currency, amount, exponent] = value?.children ?? []
  const [number, power] = [wholeOf(amount), wholeOf(exponent)]
  const code = isUniversal(currency, 19) ? currency.content.toString('latin1') : wholeOf(currency)?.toString().padStart(3, '0')
  if (code === undefined || number === undefined || power === undefined || Math.abs(power) > 15) return null
  return { currency: shorten(code).slice(0, 3), amount: number * 10 ** power }
}

function wholeOf(element: Asn1 | undefined): number | undefined {
  if (!isUniversal(element, 2) || element.content.length === 0 || element.content.length > 6) return undefined
  return element.content.readIntBE(0, element.content.length)
}

const lastMs = Date.UTC(9999, 11, 31)

function isoOf(atMs: number): string {
  return new Date(Math.min(Math.max(atMs, 0), lastMs)).toISOString()
}

// Facts about X.509 certificates: names, times, keys and usages. node:crypto parses; usage extensions are read here.
// Whether a chain leads to a trusted certificate is chain.ts.
import { X509Certificate } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Asn1 } from './asn1.ts'
import { isContext, isUniversal, oidOf, readWholeAsn1 } from './asn1.ts'
import type { SignerId } from './cms.ts'

const MAX_NAME_LETTERS = 256
const KEY_USAGE = '2.5.29.15'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const SUBJECT_KEY_ID = '2.5.29.14'
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'
/** Extensions that say where revocation can be asked: CRL distribution points, authority information access. */
const revocationPointers = ['2.5.29.31', '1.3.6.1.5.5.7.1.1']
const NO_REVOCATION_AVAILABLE = '2.5.29.56'

/** `issuerName`, `subjectName` and `serial` as raw DER content. `extensions` by identifier: what is in their octets. Times are milliseconds. `key` is undefined if its kind is not understood. */
export type Certificate = {
  der: Buffer
  x509: X509Certificate
  key: KeyObject | undefined
  issuerName: Buffer
  subjectName: Buffer
  serial: Buffer
  keyId: Buffer | undefined
  extensions: ReadonlyMap<string, Buffer>
  notBeforeMs: number
  notAfterMs: number
  selfIssued: boolean
  /** May sign documents: digitalSignature or nonRepudiation, or no key usage at all. */
  maySign: boolean
  mayTimestamp: boolean
  hasRevocationPointer: boolean
}

/** The certificate of these DER bytes; undefined if it cannot be read. */
export function readCertificate(der: Buffer): Certificate | undefined {
  const tree = readWholeAsn1(der)
  const fields = (tree?.children[0]?.children ?? []).filter((child) => !isContext(child, 0))
  const [serial, , issuer, , subject] = fields
  if (!isUniversal(serial, 2) || !isUniversal(issuer, 16) || !isUniversal(subject, 16)) return undefined
  const x509 = attempt(() => new X509Certificate(der))
  const [notBeforeMs, notAfterMs] = [Date.parse(x509?.validFrom ?? ''), Date.parse(x509?.validTo ?? '')]
  if (x509 === undefined || Number.isNaN(notBeforeMs) || Number.isNaN(notAfterMs)) return undefined
  const extensions = readExtensions(fields.find((child) => isContext(child, 3))?.children[0])
  return {
    der,
    x509,
    key: attempt(() => x509.publicKey),
    issuerName: issuer.raw,
    subjectName: subject.raw,
    serial: serial.content,
    extensions,
    keyId: readWholeAsn1(extensions.get(SUBJECT_KEY_ID) ?? Buffer.alloc(0))?.content,
    notBeforeMs,
    notAfterMs,
    selfIssued: issuer.raw.equals(subject.raw),
    maySign: maySign(extensions.get(KEY_USAGE)),
    mayTimestamp:
      readWholeAsn1(extensions.get(EXTENDED_KEY_USAGE) ?? Buffer.alloc(0))?.children.some((child) => oidOf(child) === TIME_STAMPING) ??
      false,
    hasRevocationPointer: revocationPointers.some((oid) => extensions.has(oid)) && !extensions.has(NO_REVOCATION_AVAILABLE),
  }
}

/** The certificate that a signer is named by; undefined if it is not among these. */
export function findCertificate(certificates: readonly Certificate[], id: SignerId): Certificate | undefined {
  return certificates.find((one) =>
    'keyId' in id ? one.keyId?.equals(id.keyId) === true : one.serial.equals(id.serial) && one.issuerName.equals(id.issuer),
  )
}

/** The common name of the subject, else its whole name on one line. */
export function subjectName(certificate: Certificate): string {
  const lines = certificate.x509.subject.split('\n')
  const common = lines.find((line) => line.startsWith('CN='))
  return (common === undefined ? lines.join(', ') : common.slice(3)).slice(0, MAX_NAME_LETTERS)
}

function readExtensions(list: Asn1 | undefined): Map<string, Buffer> {
  const extensions = new Map<string, Buffer>()
  for (const extension of list?.children ?? []) {
    const oid = oidOf(extension.children[0])
    const value = extension.children.at(-1)
    if (oid !== undefined && isUniversal(value, 4)) extensions.set(oid, value.content)
  }
  return extensions
}

// RFC 5280, 4.2.1.3: bit 0 is digitalSignature, bit 1 nonRepudiation; the first content byte of a BIT STRING counts unused bits.
function maySign(extension: Buffer | undefined): boolean {
  if (extension === undefined) return true
  const bits = readWholeAsn1(extension)?.content[1] ?? 0
  return (bits & 0xc0) !== 0
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

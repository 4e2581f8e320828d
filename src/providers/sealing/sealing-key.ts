// The seal's key, read once when the process starts. Whatever is wrong with it is said then, in a word; it never leaves this folder.
import { X509Certificate, createHash, type KeyObject } from 'node:crypto'
import { sealReserveBytes } from '../../contracts/seal.ts'
import type { SealingCertificate, SealingKey } from '../../domain/envelope-ports.ts'
import { readCertificateParts, type CertificateParts } from './certificate.ts'
import { signCms } from './cms.ts'
import { Pkcs12Error, readPkcs12 } from './pkcs12.ts'

const leastRsaBits = 2_048
const curves = new Set(['prime256v1', 'secp384r1'])

/** Why there is no seal, as `standing` says it, and a sentence for the operator. */
const faults = {
  missing: 'SEALING_KEY_P12 is not set',
  unreadable: 'it is no PKCS#12 file',
  wrong_password: 'SEALING_KEY_PASSWORD does not open it',
  unknown_algorithm: 'it is protected in a way that is not known here; export it anew with openssl pkcs12 -export',
  no_key: 'there is no private key in it',
  no_certificate: 'there is no certificate in it',
  not_its_certificate: 'none of its certificates belongs to its key',
  key_type: 'the key is neither RSA nor EC',
  key_too_small: `the RSA key has fewer than ${leastRsaBits} bits`,
  curve: 'the EC key is on another curve than P-256 or P-384',
  key_usage: 'the certificate is not for signatures (digitalSignature or nonRepudiation)',
  not_yet_valid: 'the certificate is not valid yet',
  expired: 'the certificate has expired',
  chain_too_long: 'its certificates do not fit into a signature',
} as const
export type SealingFault = keyof typeof faults

export function sealingFaultSentence(fault: SealingFault): string {
  return faults[fault]
}

/** The key, or one that can only say what is wrong with it. `fault` is null for one that may seal at `nowMs`. */
export function loadSealingKey(p12: Buffer | undefined, password: string, nowMs: number): { key: SealingKey; fault: SealingFault | null } {
  const read = p12 === undefined ? 'missing' : readSigner(p12, password)
  if (typeof read === 'string') return { key: brokenKey(read), fault: read }
  const { signer, certificate } = read
  const key: SealingKey = {
    standing: (atMs) => {
      const fault = timeFault(certificate, atMs)
      return fault ? { ready: false, reason: fault } : { ready: true, certificate }
    },
    sign: async (sha256) => signCms(signer, sha256),
  }
  return { key, fault: timeFault(certificate, nowMs) }
}

type Read = { signer: Parameters<typeof signCms>[0]; certificate: SealingCertificate }

function readSigner(p12: Buffer, password: string): Read | SealingFault {
  try {
    const { key, certificates } = readPkcs12(p12, password)
    const own = certificates.find((der) => new X509Certificate(der).checkPrivateKey(key))
    if (!own) return 'not_its_certificate'
    const parts = readCertificateParts(own)
    const signer = { key, certificate: parts, chain: certificates.filter((der) => der !== own) }
    return keyFault(key, parts) ?? lengthFault(signer) ?? { signer, certificate: describe(own) }
  } catch (error) {
    return error instanceof Pkcs12Error ? error.reason : 'unreadable'
  }
}

function keyFault(key: KeyObject, { maySign }: CertificateParts): SealingFault | null {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'ec') return 'key_type'
  if (key.asymmetricKeyType === 'rsa' && modulusLength < leastRsaBits) return 'key_too_small'
  if (key.asymmetricKeyType === 'ec' && !curves.has(namedCurve)) return 'curve'
  return maySign ? null : 'key_usage'
}

// An ECDSA value varies by a few bytes.
function lengthFault(signer: Read['signer']): SealingFault | null {
  return signCms(signer, Buffer.alloc(32)).length + 16 > sealReserveBytes ? 'chain_too_long' : null
}

function describe(der: Buffer): SealingCertificate {
  const { subject, validFromDate, validToDate } = new X509Certificate(der)
  return {
    subject: subject.replaceAll('\n', ', '),
    sha256: createHash('sha256').update(der).digest('hex'),
    notBeforeMs: validFromDate.getTime(),
    notAfterMs: validToDate.getTime(),
  }
}

function timeFault({ notBeforeMs, notAfterMs }: SealingCertificate, atMs: number): 'expired' | 'not_yet_valid' | null {
  if (atMs > notAfterMs) return 'expired'
  return atMs < notBeforeMs ? 'not_yet_valid' : null
}

function brokenKey(fault: SealingFault): SealingKey {
  return {
    standing: () => ({ ready: false, reason: fault }),
    sign: () => Promise.reject(new Error(`there is no key to seal with: ${fault}`)),
  }
}

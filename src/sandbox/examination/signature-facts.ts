// What a compliance check asks of each signature beyond its verdict: coverage, algorithms, the certificate and where its path ends.
import type { KeyObject } from 'node:crypto'
import type { ExaminedSignature } from '../../contracts/examination.ts'
import { isWeakDigestName } from '../signatures/algorithms.ts'
import type { Certificate } from '../signatures/certificate.ts'
import { findChain } from '../signatures/chain.ts'
import type { JudgedFile, JudgedSignature } from '../signatures/judge.ts'
import { fingerprint } from '../signatures/signed-message.ts'
import { describeCertificate, isSelfSigned } from './certificate-facts.ts'
import { shorten } from './names.ts'

/** One entry for each signature of the report, in its order. */
export function describeSignatures(judged: JudgedFile): ExaminedSignature[] {
  return judged.signatures.map((signature, index) => describe(signature, index, judged.trusted))
}

function describe({ candidate, problem, format }: JudgedSignature, index: number, trusted: readonly Certificate[]): ExaminedSignature {
  const { object } = candidate
  const verdict = format?.verdict
  const certificate = verdict?.certificate
  const digest = verdict?.digestName ?? null
  return {
    index,
    coverage: problem === undefined ? 'exact' : 'faulty',
    coverageReason: problem === undefined ? null : shorten(problem),
    digest: digest === null ? null : shorten(digest),
    isWeakDigest: verdict?.weak === true || isWeakDigestName(digest),
    key: certificate === undefined ? null : describeKey(certificate.key),
    certificateReference: verdict?.reference ?? 'unknown',
    certificate: certificate === undefined ? null : describeCertificate(certificate),
    path: certificate === undefined ? { end: 'other', anchorSha256: null } : findEnd(certificate, verdict?.certificates ?? [], trusted),
    hasTimestamp: (format?.tokens.length ?? 0) > 0,
    object: object === undefined ? null : `${object.num} ${object.gen}`,
  }
}

// The names of curves say their size: prime256v1, secp384r1, brainpoolP512r1.
function describeKey(key: KeyObject | undefined): ExaminedSignature['key'] {
  const { modulusLength, namedCurve = null } = key?.asymmetricKeyDetails ?? {}
  switch (key?.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return { kind: 'rsa', bits: modulusLength ?? null, curve: null }
    case 'ec': {
      const size = /\d{3}/.exec(namedCurve ?? '')?.[0]
      return { kind: 'ec', bits: size === undefined ? null : Number(size), curve: namedCurve }
    }
    case 'ed25519':
    case 'ed448':
      return { kind: key.asymmetricKeyType, bits: key.asymmetricKeyType === 'ed25519' ? 256 : 456, curve: key.asymmetricKeyType }
    default:
      return { kind: 'other', bits: null, curve: null }
  }
}

function findEnd(certificate: Certificate, others: readonly Certificate[], trusted: readonly Certificate[]): ExaminedSignature['path'] {
  const anchor = findChain(certificate, others, trusted)?.at(-1)
  if (anchor !== undefined) return { end: 'listed', anchorSha256: fingerprint(anchor) }
  return { end: isSelfSigned(certificate) ? 'self' : 'other', anchorSha256: null }
}

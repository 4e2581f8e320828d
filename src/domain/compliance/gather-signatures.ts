// From what the sandbox found to the facts about each signature: whose seal it is, whether its holder is an invited signer, who vouches. Names stay behind.
import type { ExaminedCertificate, ExaminedSignature } from '../../contracts/examination.ts'
import type { Signature } from '../../contracts/signature.ts'
import type { TrustList } from '../compliance-ports.ts'
import { foldName } from '../envelopes/names.ts'
import type { CertificateFacts, ExaminationFacts, ProviderFacts, SignatureFacts } from './facts.ts'
import type { Examined } from './gather-examination.ts'
import { clockToleranceMs } from './policy.ts'
import { anchorsOf } from './trust-anchors.ts'

/** What is known besides the file. `people`: the envelope's signers; null when there is no envelope or nothing of it can be opened. */
export type Surroundings = {
  people: readonly { names: readonly string[]; email: string }[] | null
  sealCertificateSha256: string | null
  platformCertificates: readonly string[]
  trustList: TrustList | null
  /** When the file was received: nothing in it is younger. */
  receivedAtMs: number
}

/** The file's own facts, without its signatures. */
export function examinationFacts(examined: Examined | null): ExaminationFacts {
  if (!examined) return { state: 'none' }
  if (examined.kind === 'killed') return { state: 'refused', reason: examined.reason, isEncrypted: false }
  if (examined.kind === 'rejected') return { state: 'refused', reason: examined.reason, isEncrypted: isPassword(examined.reason) }
  const { report, signatures: _signatures, ...rest } = examined.examination
  if (report.outcome === 'rejected') {
    const reason = report.reason ?? 'unreadable'
    return { state: 'refused', reason, isEncrypted: rest.isEncrypted || isPassword(reason) }
  }
  return examined.kind === 'ok' ? { state: 'whole', reason: null, ...rest } : { state: 'partial', reason: examined.reason, ...rest }
}

function isPassword(reason: string): boolean {
  return reason === 'encrypted' || reason === 'password'
}

/** One for each signature that was judged, in the order of the file. */
export function signatureFacts(examined: Examined | null, around: Surroundings): SignatureFacts[] {
  if (!examined || !('examination' in examined)) return []
  const { report, signatures } = examined.examination
  const byIndex = new Map(signatures.map((signature) => [signature.index, signature]))
  return report.signatures.map((judged, index) => factsOf(judged, byIndex.get(index), index, around))
}

function factsOf(judged: Signature, found: ExaminedSignature | undefined, index: number, around: Surroundings): SignatureFacts {
  const sha256 = found?.certificate?.sha256 ?? judged.certificate?.sha256 ?? null
  const isSeal = sha256 !== null && sha256 === around.sealCertificateSha256
  const { timestamp, indication, integrity, laterChanges, coversWholeFile } = judged
  return {
    index,
    role: judged.kind === 'document_timestamp' ? 'timestamp' : isSeal ? 'seal' : 'signer',
    indication,
    integrity,
    laterChanges,
    coversWholeFile,
    subIndication: judged.subIndication ?? null,
    reasons: judged.reasons.map(({ code }) => code),
    isExamined: found !== undefined,
    coverage: found?.coverage ?? 'faulty',
    coverageReason: found?.coverageReason ?? null,
    digest: found?.digest ?? null,
    isWeakDigest: found?.isWeakDigest ?? judged.reasons.some(({ code }) => code === 'weak_digest'),
    key: found?.key ?? null,
    certificateReference: found?.certificateReference ?? 'unknown',
    path: found?.path ?? { end: 'other', anchorSha256: null },
    object: found?.object ?? null,
    certificate: found?.certificate ? certificateFacts(found.certificate) : null,
    holder: found?.certificate ? holderOf(found.certificate, around.people) : 'nobody',
    isPlatformKey: sha256 !== null && around.platformCertificates.includes(sha256),
    activation: null,
    factors: null,
    provider: found ? providerOf(found, around.trustList) : null,
    timestamp: timestamp ? { at: timestamp.at, integrity: timestamp.integrity } : null,
    ...timeOf(judged, around.receivedAtMs),
  }
}

/** What a signature claims later than it was received is no claim at all. */
function timeOf({ signedAt, timestamp }: Signature, receivedAtMs: number): Pick<SignatureFacts, 'signedAt' | 'timeSource'> {
  if (timestamp?.integrity === 'intact') return { signedAt: timestamp.at, timeSource: 'timestamp' }
  const isPossible = signedAt !== null && Date.parse(signedAt) <= receivedAtMs + clockToleranceMs
  return isPossible ? { signedAt, timeSource: 'claimed' } : { signedAt: null, timeSource: 'none' }
}

function certificateFacts({ subject, issuer, ...certificate }: ExaminedCertificate): CertificateFacts {
  const { sha256, serialNumber, notBefore, notAfter, isSelfSigned, keyUsage, policies, qualifying, relianceLimit } = certificate
  return {
    sha256,
    serialNumber,
    notBefore,
    notAfter,
    isSelfSigned,
    keyUsage,
    policies,
    qualifying,
    relianceLimit,
    hasName: isGiven(subject.commonName) || isGiven(subject.pseudonym),
    hasIdentifier: isGiven(subject.identifier),
    isPseudonym: isGiven(subject.pseudonym),
    hasIssuer: isGiven(issuer.commonName) || isGiven(issuer.organization),
    hasRegistryCode: isGiven(issuer.registryCode),
    country: issuer.country,
  }
}

function isGiven(text: string | null): boolean {
  return text !== null && text.trim() !== ''
}

function holderOf({ subject }: ExaminedCertificate, people: Surroundings['people']): SignatureFacts['holder'] {
  if (people === null) return 'nobody'
  const emails = new Set(subject.emails.map((email) => email.toLowerCase()))
  if (people.some(({ email }) => emails.has(email.toLowerCase()))) return 'matches'
  const { commonName } = subject
  const isNamed = commonName !== null && people.some(({ names }) => names.some((name) => foldName(name) === foldName(commonName)))
  return isNamed ? 'name_only' : 'differs'
}

function providerOf({ path, certificate }: ExaminedSignature, list: TrustList | null): ProviderFacts | null {
  if (path.end !== 'listed' || path.anchorSha256 === null || !list) return null
  const provider = anchorsOf(list).get(path.anchorSha256)
  if (!provider) return null
  const { name, country, intervals, isEquivalentForeign, identification } = provider
  const known = (certificate?.policies ?? []).flatMap((oid) => identification[oid] ?? [])
  // Of several policies the weaker one counts.
  const how = known.includes('remote') ? 'remote' : (known[0] ?? 'unknown')
  return { name, country, intervals, isEquivalentForeign, identification: how }
}

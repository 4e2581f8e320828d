// What the rules are told: one plain JSON value with nothing personal in it, gathered by gather.ts. The same facts and rules give the same answer, at any time.
import type { RequiredClass } from '../../contracts/envelope.ts'
import type { Examination, ExaminedCertificate, ExaminedSignature } from '../../contracts/examination.ts'
import type { Signature } from '../../contracts/signature.ts'
import type { ActType, Declarations } from '../envelope-ports.ts'
import type { TrustedProvider } from '../compliance-ports.ts'

/** Stored bytes as they are now. `sha256` is null when they were not read. */
export type ObjectFacts = { state: 'stored' | 'missing' | 'unreachable'; recordedSha256: string; sha256: string | null }

export type DocumentFacts = {
  id: string
  status: string
  /** Why it was rejected or quarantined. */
  reason: string | null
  receivedAt: string
}

/** What the sandbox says of the subject's bytes. `none`: it was not asked, since there were no bytes. */
export type ExaminationFacts =
  | { state: 'none' }
  | { state: 'refused'; reason: string; isEncrypted: boolean }
  | ({ state: 'whole' | 'partial'; reason: string | null } & Omit<Examination, 'report' | 'signatures'>)

/** An act of the chain. `event` is the id of the audit entry that carries its hash; null when none does. */
export type ActFacts = {
  sequence: number
  type: ActType
  signer: number | null
  at: string
  isErased: boolean
  event: string | null
  facts: Readonly<Record<string, string | number | boolean>>
}

/** Whose mails to sign were handed over, and which failed. */
export type SignerFacts = { number: number; status: string; requests: { sent: number; failed: number; unknown: number } }

export type EnvelopeFacts = {
  id: string
  status: string
  sequence: number
  signers: readonly SignerFacts[]
  acts: readonly ActFacts[]
  /** What is wrong with the chain of acts, or in what the row says something else than the acts; null when nothing is. */
  actsFault: string | null
  /** Whether what is personal of it can be opened: its keys are there and nothing was erased. */
  isOpen: boolean
  isPurged: boolean
  sealCertificateSha256: string | null
}

/** A judged signature of the subject. `signer`: of a person; `seal`: this platform's own at completion; `timestamp`: of the document as a whole. */
export type SignatureFacts = Pick<Signature, 'indication' | 'integrity' | 'laterChanges' | 'coversWholeFile'> &
  Pick<
    ExaminedSignature,
    'coverage' | 'coverageReason' | 'digest' | 'isWeakDigest' | 'key' | 'certificateReference' | 'path' | 'object'
  > & {
    index: number
    role: 'signer' | 'seal' | 'timestamp'
    subIndication: string | null
    /** Codes of the judgement's reasons. */
    reasons: readonly string[]
    isExamined: boolean
    certificate: CertificateFacts | null
    /** How the holder goes with the envelope's signers; `nobody`: there is no envelope to compare with. */
    holder: 'matches' | 'name_only' | 'differs' | 'nobody'
    isPlatformKey: boolean
    /** The act by which the signer activated the key; null: no evidence. */
    activation: string | null
    /** By which factors the signer was authenticated; null: no evidence. */
    factors: readonly ('knowledge' | 'possession' | 'inherence')[] | null
    provider: ProviderFacts | null
    timestamp: { at: string; integrity: Signature['integrity'] } | null
    signedAt: string | null
    timeSource: 'timestamp' | 'claimed' | 'none'
  }

/** A certificate without its holder's name. */
export type CertificateFacts = Pick<
  ExaminedCertificate,
  'sha256' | 'serialNumber' | 'notBefore' | 'notAfter' | 'isSelfSigned' | 'keyUsage' | 'policies' | 'qualifying' | 'relianceLimit'
> & { hasName: boolean; hasIdentifier: boolean; isPseudonym: boolean; hasIssuer: boolean; hasRegistryCode: boolean; country: string | null }

/** The provider at which the path ends, as the trust list has it. */
export type ProviderFacts = Pick<TrustedProvider, 'name' | 'country' | 'intervals' | 'isEquivalentForeign'> & {
  identification: 'face_to_face' | 'remote' | 'unknown'
}

/** `state`: `whole`, or `broken` with what and where; `archived`: a part lies in an archive; `behind`: not drained yet; `none`: it has no entry. */
export type TrailFacts = {
  state: 'whole' | 'broken' | 'archived' | 'behind' | 'none' | 'unreachable'
  detail: string | null
  first: { sequence: number; event: string } | null
  last: { sequence: number; event: string } | null
  entries: number
  /** Up to which sequence a signed checkpoint agrees; null when none speaks of it. */
  checkpointed: number | null
}

/** The evidence bundle, made and verified in memory. `skipped`: too large for that, or there was nothing to make it of. */
export type BundleFacts = { state: 'verified' | 'failed' | 'skipped'; detail: string | null; files: number }

export type RetentionFacts = {
  class: string
  isKnownClass: boolean
  endsAt: string | null
  /** The earliest end that policy allows; null: it has to be kept for good. */
  minimumEndsAt: string | null
  isHeld: boolean
  purgedAt: string | null
}

export type SystemFacts = {
  software: string
  sweep: { id: string; endedAt: string; objects: number; failed: number; clockOffsetMs: number; software: string } | null
  look: { at: string; outcome: 'intact' | 'altered' | 'missing' } | null
}

/** What the detectors found in the kept text. `isRead` false: there is none, or not of every page. */
export type TextFacts = {
  isRead: boolean
  inkClauses: readonly { page: number; phrase: string }[]
  kindHints: readonly { page: number; kind: string; phrase: string }[]
}

export type CheckFacts = {
  evaluatedAt: string
  requiredClass: RequiredClass | null
  requiredClassFrom: 'request' | 'envelope' | 'nowhere'
  /** What the request asks for; it may be laxer than the envelope's, and does not count then. */
  requestedClass: RequiredClass | null
  /** As they are used; who says each is in `declaredBy`. */
  declarations: Declarations
  declaredBy: Partial<Record<keyof Declarations, 'envelope' | 'request' | 'default'>>
  /** What envelope and request declare differently, both as JSON; `declarations` has the envelope's. */
  contradictions: readonly { name: keyof Declarations; envelope: string; request: string }[]
  documentKindFrom: 'declared' | 'default' | 'nowhere'
  document: DocumentFacts
  /** The sealed copy of a completed envelope, else the document. */
  subject: ObjectFacts & { what: 'sealed' | 'document' }
  /** The document as it was received. */
  original: ObjectFacts
  examination: ExaminationFacts
  signatures: readonly SignatureFacts[]
  envelope: EnvelopeFacts | null
  trail: TrailFacts
  bundle: BundleFacts
  retention: RetentionFacts | null
  system: SystemFacts
  text: TextFacts
  /** Null: none is configured. */
  trustList: { version: string; isStale: boolean } | null
  claims: { texts: number; hits: readonly { text: string; phrase: string }[]; hasDisclaimer: boolean }
  hasResponsiblePerson: boolean
}

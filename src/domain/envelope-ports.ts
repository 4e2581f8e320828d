// What envelopes need from the world: rows with their acts (Postgres), the seal's maker, and the answer whether it can be made at all.
import type { EnvelopeStatus, RequiredClass, SignerStatus, SigningOrder } from '../contracts/envelope.ts'
import type { OutboxEvent } from './event-ports.ts'
import type { NewNotice, NewNotification } from './notice-ports.ts'
import type { JobRequest } from './ports.ts'
import type { NewRetention } from './retention-ports.ts'

/** A signer as the row keeps it. Name, addresses and what was typed are in `sealed`; times are milliseconds. */
export type SignerRecord = {
  /** From 1, in the order of the request. */
  number: number
  status: SignerStatus
  /** Fingerprint of the e-mail address. */
  print: string
  sealed: string
  /** The verification by which this signer was identified. */
  verificationId?: string
  /** When its code was entered: what that opened ends a day later. */
  identifiedAtMs?: number
  /** The one whose code was asked for last, until it is entered. */
  askedVerificationId?: string
  /** When it became this signer's turn. */
  invitedAtMs?: number
  viewedAtMs?: number
  verifiedAtMs?: number
  reviewedAtMs?: number
  consentedAtMs?: number
  signedAtMs?: number
  declinedAtMs?: number
}

/** The steps of sealing, in their order; a run that takes over goes on behind the last one that is recorded. */
export const sealSteps = ['requested', 'assembled', 'signed', 'stored', 'verified'] as const
export type SealStep = (typeof sealSteps)[number]

/** How far sealing has come. Keys name blobs; `sha256` and `bytes` are of the sealed copy. */
export type SealState = {
  step: SealStep
  tries: number
  /** Why the last try did not come further; a short word. */
  reason?: string
  requestedAtMs: number
  /** What is to be appended to the document, until it is: with an empty signature, later with the signature. */
  assembledKey?: string
  /** The certificate as a file of its own; also when its pages were appended. */
  certificateKey?: string
  /** Of that file. */
  certificateFileSha256?: string
  certificateFileBytes?: number
  /** Four numbers: what the signature covers. */
  byteRange?: readonly [number, number, number, number]
  sealedKey?: string
  sha256?: string
  bytes?: number
  /** SHA-256 of the certificate that sealed. */
  certificateSha256?: string
  /** How many signatures the document carried before. */
  signaturesBefore?: number
  /** How often the document brought down a process that worked on it. */
  kills?: number
  sealedAtMs?: number
}

/** What the sender declared; what is not declared stays unknown to the rules. */
export type Declarations = {
  documentKind?: string
  /** Whether law or parties want ink: `none` says that somebody looked and nobody does. */
  contraryIntention?: 'none' | 'ink_required'
  publicBody?: boolean
  alternativeOffered?: boolean
  consumer?: boolean
  certifiedCopies?: number
  value?: { currency: string; amount: number }
  foreignSignatures?: 'agreed' | 'excluded'
}

/** An envelope as the row keeps it. `sealed` holds its title, the sender's address and words; its sequence rises with every act. */
export type EnvelopeRecord = {
  id: string
  status: EnvelopeStatus
  sequence: number
  /** Fingerprint of whoever it belongs to, under the key that wrote then. */
  owner: string
  documentId: string
  /** Of the document as it was sent. */
  documentKey: string
  documentSha256: string
  documentBytes: number
  documentVersion: string
  pages: number
  /** Whether it carried signatures when it was sent: then nothing may be added to it but signatures. */
  isSigned: boolean
  requiredClass: RequiredClass
  order: SigningOrder
  declarations: Declarations
  reminders?: { everySeconds: number; max: number }
  retention: string
  sealed: string
  signers: readonly SignerRecord[]
  /** Of the newest act. */
  actsHead: string
  seal?: SealState
  reason?: string
  createdAtMs: number
  /** The pages can be shown and the first signers are being asked. */
  preparedAtMs?: number
  expiresAtMs: number
  endedAtMs?: number
  /** The sealed copy and all that is personal were removed when its time was over. */
  purgedAtMs?: number
  requestId: string
}

export const actTypes = [
  'envelope.sent',
  'envelope.prepared',
  'envelope.invited',
  'envelope.viewed',
  'envelope.verified',
  'envelope.reviewed',
  'envelope.corrected',
  'envelope.consented',
  'envelope.signed',
  'envelope.declined',
  'envelope.resent',
  'envelope.sealing',
  'envelope.sealed',
  'envelope.completed',
  'envelope.expired',
  'envelope.canceled',
  'envelope.seal_failed',
  'envelope.purged',
] as const
export type ActType = (typeof actTypes)[number]

/**
 * One act, hashed over all its members but `hash` (canonical JSON) with the hash of the act before it. The event of the same type, subject and sequence carries the
 * hash into the audit trail. `facts` are small; what is personal of them is in `personal`, which the row seals.
 */
export type Act = {
  envelopeId: string
  sequence: number
  type: ActType
  /** Number of the signer who acted, or whom it concerns; null where none does. */
  signer: number | null
  at: string
  facts: Readonly<Record<string, string | number | boolean>>
  personal: Readonly<Record<string, string>>
  /** What was personal of it has been erased: `personal` is empty, and the hash says nothing of the content any more; the links of the chain still hold. */
  isErased?: true
  previousHash: string
  hash: string
}

/** Everything that one decision changes, written in one transaction or not at all. */
export type EnvelopeChange = {
  record: EnvelopeRecord
  acts: readonly Act[]
  events: readonly OutboxEvent[]
  notices?: readonly NewNotice[]
  notifications?: readonly NewNotification[]
  /** For how long it is kept from now on (by `keepRetention` of stores/postgres/retention.ts). */
  retention?: NewRetention
  /** What is personal of its acts, mails and notifications goes with this change; `record` has nothing personal any more. */
  isErasing?: true
  /** When a job of this envelope is owed next; null when nothing is owed. Left out: as it was. */
  dueAtMs?: number | null
}

export type EnvelopePosition = { createdAtMs: number; id: string }

/** Durable envelopes. Throws `service_degraded` when Postgres is away. */
export type EnvelopeStore = {
  /** False when there is one of this id already; nothing is changed then. */
  create(change: EnvelopeChange): Promise<boolean>
  read(id: string): Promise<EnvelopeRecord | null>
  /** In the order in which they happened. */
  acts(id: string): Promise<Act[]>
  /**
   * Decides under the row's lock: `decide` gets the envelope as it is and gives what changes (null: nothing) and what its caller wants to know; what it throws undoes
   * everything. Null when there is no such envelope.
   */
  change<Value>(
    id: string,
    decide: (record: EnvelopeRecord) => { change: EnvelopeChange | null; value: Value },
  ): Promise<{ record: EnvelopeRecord; value: Value } | null>
  /** Of an owner's (any of its fingerprints), or of all, newest first. */
  page(
    owners: readonly string[] | null,
    before: EnvelopePosition | undefined,
    limit: number,
  ): Promise<{ records: EnvelopeRecord[]; total: number }>
  /** The newest envelope of a document that was completed, else its newest one. */
  ofDocument(documentId: string): Promise<EnvelopeRecord | null>
  /** Jobs that are to be looked for now; each is looked for again after `againMs`. */
  owed(limit: number, nowMs: number, againMs: number): Promise<JobRequest[]>
}

/** The certificate that seals, as everybody may know it. */
export type SealingCertificate = { subject: string; sha256: string; notBeforeMs: number; notAfterMs: number }

/** The seal's key. It is read when the process starts: what is wrong with it is known before anything is sent. */
export type SealingKey = {
  /** The certificate, if it may seal at `nowMs`; else why not, in a short word. */
  standing(nowMs: number): { ready: true; certificate: SealingCertificate } | { ready: false; reason: string }
  /** CMS (DER) over the SHA-256 of what the signature covers: PAdES baseline B. */
  sign(sha256: Buffer, atMs: number): Promise<Buffer>
}

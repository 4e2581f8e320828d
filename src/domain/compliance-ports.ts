// What compliance checks need from the world: their rows, what was examined before, and what the sandbox can tell about a file.
import type { ComplianceCheck } from '../contracts/compliance.ts'
import type { RequiredClass } from '../contracts/envelope.ts'
import type { Examination } from '../contracts/examination.ts'
import type { Declarations } from './envelope-ports.ts'
import type { OutboxEvent } from './event-ports.ts'
import type { NewNotification } from './notice-ports.ts'
import type { JobRequest } from './ports.ts'
import type { Inspection } from './upload-ports.ts'

export type CheckRecord = {
  id: string
  owner: string
  documentId: string
  requiredClass: RequiredClass | null
  declarations: Declarations
  status: ComplianceCheck['status']
  sequence: number
  /** Whom to tell when it is final. */
  sealed: string
  /** Everything that the answer shows; null until it is final. */
  result: ComplianceCheck | null
  /** The readable report: where its bytes lie. */
  reportKey: string | null
  createdAtMs: number
  dueAtMs: number
  requestId: string
}

export type CheckFence = { jobMs: number; starts: number }
export type CheckClaim = { kind: 'go'; record: CheckRecord } | { kind: 'done'; word: string } | { kind: 'early'; waitMs: number }

export type CheckPosition = { createdAtMs: number; id: string }

/** Durable checks. Throws `service_degraded` when Postgres is away. */
export type CheckStore = {
  /** False when there is one of this id already; nothing is changed then. */
  create(record: CheckRecord, event: OutboxEvent): Promise<boolean>
  read(id: string): Promise<CheckRecord | null>
  /** Of a document, newest first. */
  ofDocument(documentId: string, before: CheckPosition | undefined, limit: number): Promise<{ records: CheckRecord[]; total: number }>
  claim(id: string, fence: CheckFence, nowMs: number): Promise<CheckClaim>
  /** Ends it, once, with its event and who is told; false when another run has taken over or ended it. */
  settle(
    id: string,
    fence: CheckFence,
    end: { result: ComplianceCheck; reportKey: string | null; event: OutboxEvent; notifications: readonly NewNotification[] },
  ): Promise<boolean>
  /** Jobs that are to be looked for now; each is looked for again after `againMs`. */
  owed(limit: number, nowMs: number, againMs: number): Promise<JobRequest[]>
}

/** What was examined of the same content, envelope revision and rule set before. Values are JSON. */
export type ExaminationCache = {
  read(key: string): Promise<unknown>
  write(key: string, value: unknown, nowMs: number): Promise<void>
  /** Removes what was written before a time; bounded, how many. */
  forget(beforeMs: number): Promise<number>
}

/** A provider on the list of accredited ones, with the times in which it was. Certificates are DER in base64. */
export type TrustedProvider = {
  name: string
  country: string
  certificates: readonly string[]
  intervals: readonly { fromMs: number; untilMs: number | null; status: 'accredited' | 'suspended' | 'revoked' | 'lapsed' }[]
  /** Policy OIDs under which holders were identified, and how. */
  identification: Readonly<Record<string, 'face_to_face' | 'remote'>>
  isEquivalentForeign: boolean
}
export type TrustList = { version: string; issuedAtMs: number; nextUpdateMs: number; providers: readonly TrustedProvider[] }

export type Examiner = {
  /** One child process over a file that nobody else changes. */
  examine(
    path: string,
    options: { trustedCertificates: readonly string[]; nowMs: number },
    signal: AbortSignal,
  ): Promise<Inspection<Examination>>
  /** Changes when the code that examines does. */
  version: string
}

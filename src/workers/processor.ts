// What a processor is: the worker's half of a job.
import type { ComplianceWorkDeps } from '../domain/compliance/deps.ts'
import type { DocumentWorkDeps } from '../domain/documents/deps.ts'
import type { EnvelopeWorkDeps } from '../domain/envelopes/deps.ts'
import type { SealDeps } from '../domain/envelopes/seal-deps.ts'
import type { HandOverDeps } from '../domain/flows/deps.ts'
import type { NoticeSendDeps } from '../domain/notices/deps.ts'
import type { DigestDeps } from '../domain/notifications/digest.ts'
import type { DeliverDeps } from '../domain/ports.ts'
import type { RetentionWorkDeps } from '../domain/retention/deps.ts'
import type { SessionCleanupDeps } from '../domain/sessions/cleanup.ts'
import type { StateCleanupDeps } from '../domain/state-cleanup.ts'
import type { UploadWorkDeps } from '../domain/uploads/deps.ts'
import type { Run } from '../domain/verification/deliver.ts'
import type { WebhookDeliverDeps } from '../domain/webhooks/deliver.ts'
import type { JobName, JobPayload } from '../queues/registry.ts'

export type WorkerDeps = DeliverDeps &
  HandOverDeps &
  StateCleanupDeps &
  SessionCleanupDeps &
  WebhookDeliverDeps &
  UploadWorkDeps &
  DocumentWorkDeps &
  ComplianceWorkDeps &
  NoticeSendDeps &
  DigestDeps &
  EnvelopeWorkDeps &
  SealDeps &
  RetentionWorkDeps

/** How a run ended, for log and metrics: a word of a small set, nothing personal. */
export type RunResult = { outcome: string; requestId?: string }

/**
 * Does the work of one job; may be run more than once. Returns when there is nothing left to do, throws RetryLater to be run again, anything
 * else is a bug and is retried a few times.
 */
export type Processor<Name extends JobName> = (deps: WorkerDeps, payload: JobPayload<Name>, run: Run) => Promise<RunResult>

// The list of every job there is, and the types derived from it.
import type { z } from 'zod'
import type { JobContract, QueueName } from './define.ts'
import { checkEvaluate } from './jobs/check-evaluate.ts'
import { documentAnalysis } from './jobs/document-analysis.ts'
import { documentPreflight } from './jobs/document-preflight.ts'
import { documentRecord } from './jobs/document-record.ts'
import { documentSignatures } from './jobs/document-signatures.ts'
import { documentText } from './jobs/document-text.ts'
import { documentThumbnails } from './jobs/document-thumbnails.ts'
import { emailCodeSend } from './jobs/email-code-send.ts'
import { emailLinkSend } from './jobs/email-link-send.ts'
import { envelopeExpire } from './jobs/envelope-expire.ts'
import { envelopePrepare } from './jobs/envelope-prepare.ts'
import { envelopeSeal } from './jobs/envelope-seal.ts'
import { flowCompleted } from './jobs/flow-completed.ts'
import { integritySweep } from './jobs/integrity-sweep.ts'
import { noticeSend } from './jobs/notice-send.ts'
import { notificationDigest } from './jobs/notification-digest.ts'
import { otpSend } from './jobs/otp-send.ts'
import { retentionSweep } from './jobs/retention-sweep.ts'
import { sessionCleanup } from './jobs/session-cleanup.ts'
import { stateCleanup } from './jobs/state-cleanup.ts'
import { webhookDeliver } from './jobs/webhook-deliver.ts'
import { uploadFinalise } from './jobs/upload-finalise.ts'
import { uploadSweep } from './jobs/upload-sweep.ts'

export const registry = {
  'otp.send': otpSend,
  'email-code.send': emailCodeSend,
  'email-link.send': emailLinkSend,
  'flow.completed': flowCompleted,
  'session.cleanup': sessionCleanup,
  'state.cleanup': stateCleanup,
  'integrity.sweep': integritySweep,
  'retention.sweep': retentionSweep,
  'webhook.deliver': webhookDeliver,
  'upload.finalise': uploadFinalise,
  'upload.sweep': uploadSweep,
  'document.preflight': documentPreflight,
  'document.text': documentText,
  'document.thumbnails': documentThumbnails,
  'document.signatures': documentSignatures,
  'document.analysis': documentAnalysis,
  'document.record': documentRecord,
  'check.evaluate': checkEvaluate,
  'envelope.prepare': envelopePrepare,
  'envelope.expire': envelopeExpire,
  'envelope.seal': envelopeSeal,
  'notice.send': noticeSend,
  'notification.digest': notificationDigest,
} as const

export type JobName = keyof typeof registry
export type JobPayload<Name extends JobName> = z.output<(typeof registry)[Name]['payload']>

/** The contract of a job whose name is only known at run time; its functions take what its own `payload` has parsed. */
export function contractOf(name: JobName): JobContract<JobName, z.ZodType<JobPayload<JobName>>> {
  // Each contract takes only its own payload; whoever parses with the same contract first hands over no other.
  return registry[name]
}

/** Every queue that some job uses, once. */
export const queueNames: readonly QueueName[] = [...new Set(Object.values(registry).map((contract) => contract.queue))]

export function isJobName(name: string): name is JobName {
  return Object.hasOwn(registry, name)
}

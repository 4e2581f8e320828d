// Which processor does which job. It does not compile until every job has one.
import type { JobName } from '../queues/registry.ts'
import { processCheckEvaluate } from './check-evaluate.ts'
import { processDocumentAnalysis } from './document-analysis.ts'
import { processDocumentPreflight } from './document-preflight.ts'
import { processDocumentRecord } from './document-record.ts'
import { processDocumentSignatures } from './document-signatures.ts'
import { processDocumentText } from './document-text.ts'
import { processDocumentThumbnails } from './document-thumbnails.ts'
import { processEmailCodeSend } from './email-code-send.ts'
import { processEmailLinkSend } from './email-link-send.ts'
import { processEnvelopeExpire } from './envelope-expire.ts'
import { processEnvelopePrepare } from './envelope-prepare.ts'
import { processEnvelopeSeal } from './envelope-seal.ts'
import { processFlowCompleted } from './flow-completed.ts'
import { processIntegritySweep } from './integrity-sweep.ts'
import { processNoticeSend } from './notice-send.ts'
import { processNotificationDigest } from './notification-digest.ts'
import { processOtpSend } from './otp-send.ts'
import type { Processor } from './processor.ts'
import { processRetentionSweep } from './retention-sweep.ts'
import { processSessionCleanup } from './session-cleanup.ts'
import { processStateCleanup } from './state-cleanup.ts'
import { processWebhookDeliver } from './webhook-deliver.ts'
import { processUploadFinalise } from './upload-finalise.ts'
import { processUploadSweep } from './upload-sweep.ts'

export const processors: { [Name in JobName]: Processor<Name> } = {
  'otp.send': processOtpSend,
  'email-code.send': processEmailCodeSend,
  'email-link.send': processEmailLinkSend,
  'flow.completed': processFlowCompleted,
  'session.cleanup': processSessionCleanup,
  'state.cleanup': processStateCleanup,
  'integrity.sweep': processIntegritySweep,
  'retention.sweep': processRetentionSweep,
  'webhook.deliver': processWebhookDeliver,
  'upload.finalise': processUploadFinalise,
  'upload.sweep': processUploadSweep,
  'document.preflight': processDocumentPreflight,
  'document.text': processDocumentText,
  'document.thumbnails': processDocumentThumbnails,
  'document.signatures': processDocumentSignatures,
  'document.analysis': processDocumentAnalysis,
  'document.record': processDocumentRecord,
  'check.evaluate': processCheckEvaluate,
  'envelope.prepare': processEnvelopePrepare,
  'envelope.expire': processEnvelopeExpire,
  'envelope.seal': processEnvelopeSeal,
  'notice.send': processNoticeSend,
  'notification.digest': processNotificationDigest,
}

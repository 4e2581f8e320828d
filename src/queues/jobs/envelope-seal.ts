// Seal a document that all its signers have signed.
import { MINUTE_MS } from '../../lib/durations.ts'
import { defineJob } from '../define.ts'
import { envelopeJob } from '../envelope-job.ts'

export const envelopeSeal = defineJob({
  ...envelopeJob,
  name: 'envelope.seal',
  backoff: { ...envelopeJob.backoff, maxMs: 10 * MINUTE_MS },
  timeoutMs: 5 * MINUTE_MS,
  jobId: ({ envelopeId }) => `envelope.seal.${envelopeId}`,
})

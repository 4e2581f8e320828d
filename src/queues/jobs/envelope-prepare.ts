// Draw the pages that signers are shown, and ask the first of them.
import { MINUTE_MS } from '../../lib/durations.ts'
import { defineJob } from '../define.ts'
import { envelopeJob } from '../envelope-job.ts'

export const envelopePrepare = defineJob({
  ...envelopeJob,
  name: 'envelope.prepare',
  timeoutMs: 10 * MINUTE_MS,
  jobId: ({ envelopeId }) => `envelope.prepare.${envelopeId}`,
})

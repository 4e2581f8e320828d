// End an envelope whose time is over.
import { MINUTE_MS } from '../../lib/durations.ts'
import { defineJob } from '../define.ts'
import { envelopeJob } from '../envelope-job.ts'

export const envelopeExpire = defineJob({
  ...envelopeJob,
  name: 'envelope.expire',
  timeoutMs: MINUTE_MS,
  jobId: ({ envelopeId }) => `envelope.expire.${envelopeId}`,
})

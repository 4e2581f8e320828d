// Finalise an upload whose bytes are all there. Hours are allowed, since a file may be large; every stage is recorded.
import { z } from 'zod'
import { MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'
import { partitionOfId, readId } from '../../lib/ids.ts'
import { defineJob } from '../define.ts'

export const uploadFinalise = defineJob({
  name: 'upload.finalise',
  queue: 'uploads',
  payload: z.strictObject({ uploadId: z.string().refine((id) => readId('upl', id) !== null, 'must be an upload id') }),
  backoff: { firstMs: 0.5 * SECOND_MS, maxMs: 30 * SECOND_MS },
  timeoutMs: 60 * MINUTE_MS,
  jobId: ({ uploadId }) => `upload.finalise.${uploadId}`,
  partition: ({ uploadId }) => partitionOfId(uploadId),
})

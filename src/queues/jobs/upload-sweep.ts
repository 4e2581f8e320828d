// Expire idle uploads of one partition and remove the bytes of what ended. The slot (minutes since 1970) makes it one job a minute.
import { z } from 'zod'
import { MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'
import { defineJob } from '../define.ts'

export const uploadSweep = defineJob({
  name: 'upload.sweep',
  queue: 'maintenance',
  payload: z.strictObject({ partition: z.int().min(0).max(255), slot: z.int().min(0) }),
  backoff: { firstMs: SECOND_MS, maxMs: 10 * SECOND_MS },
  timeoutMs: 10 * MINUTE_MS,
  jobId: ({ partition, slot }) => `upload.sweep.${partition}.${slot}`,
  partition: ({ partition }) => partition,
})

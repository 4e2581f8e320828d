// Remove what is past its time and not held. The slot (hours since 1970) makes it one job an hour.
import { z } from 'zod'
import { MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'
import { defineJob } from '../define.ts'

export const retentionSweep = defineJob({
  name: 'retention.sweep',
  queue: 'maintenance',
  payload: z.strictObject({ slot: z.int().min(0) }),
  backoff: { firstMs: SECOND_MS, maxMs: MINUTE_MS },
  timeoutMs: 10 * MINUTE_MS,
  jobId: ({ slot }) => `retention.sweep.${slot}`,
  partition: () => 0,
})

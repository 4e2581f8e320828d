// Remove what is past its time from one partition. The slot (minutes since 1970) makes it one job a minute, however many schedulers there are.
import { z } from 'zod'
import { MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'
import { defineJob } from '../define.ts'

/** How often it is due. */
export const stateCleanupEveryMs = MINUTE_MS

export const stateCleanup = defineJob({
  name: 'state.cleanup',
  queue: 'maintenance',
  payload: z.strictObject({ partition: z.int().min(0).max(255), slot: z.int().min(0) }),
  backoff: { firstMs: SECOND_MS, maxMs: 10 * SECOND_MS },
  timeoutMs: 30 * SECOND_MS,
  jobId: ({ partition, slot }) => `state.cleanup.${partition}.${slot}`,
  partition: ({ partition }) => partition,
})

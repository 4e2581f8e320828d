// Gather what people have not seen into digests, and forget what is old. The slot (minutes since 1970) makes it one job a minute. It is all in Postgres: the
// scheduler puts it into one partition only.
import { z } from 'zod'
import { SECOND_MS } from '../../lib/durations.ts'
import { defineJob } from '../define.ts'

export const notificationDigest = defineJob({
  name: 'notification.digest',
  queue: 'maintenance',
  payload: z.strictObject({ partition: z.int().min(0).max(255), slot: z.int().min(0) }),
  backoff: { firstMs: SECOND_MS, maxMs: 10 * SECOND_MS },
  timeoutMs: 30 * SECOND_MS,
  jobId: ({ partition, slot }) => `notification.digest.${partition}.${slot}`,
  partition: ({ partition }) => partition,
})

// End what nobody came back to in one partition: sessions, session UUIDs with their files. The slot (minutes since 1970) makes it one job a minute.
import { z } from 'zod'
import { SECOND_MS } from '../../lib/durations.ts'
import { defineJob } from '../define.ts'

export const sessionCleanup = defineJob({
  name: 'session.cleanup',
  queue: 'maintenance',
  payload: z.strictObject({ partition: z.int().min(0).max(255), slot: z.int().min(0) }),
  backoff: { firstMs: SECOND_MS, maxMs: 10 * SECOND_MS },
  timeoutMs: 30 * SECOND_MS,
  jobId: ({ partition, slot }) => `session.cleanup.${partition}.${slot}`,
  partition: ({ partition }) => partition,
})

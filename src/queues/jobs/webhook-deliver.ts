// Make one try of one webhook delivery. When and how often is Postgres's to say; each try has a job of its own.
import { z } from 'zod'
import { SECOND_MS } from '../../lib/durations.ts'
import { readId } from '../../lib/ids.ts'
import { defineJob } from '../define.ts'

export const webhookDeliver = defineJob({
  name: 'webhook.deliver',
  queue: 'webhooks',
  payload: z.strictObject({
    deliveryId: z.string().refine((id) => readId('whd', id) !== null, 'must be a delivery id'),
    attempt: z.int().min(1).max(1_000_000),
  }),
  backoff: { firstMs: SECOND_MS, maxMs: 30 * SECOND_MS },
  timeoutMs: 25 * SECOND_MS,
  jobId: ({ deliveryId, attempt }) => `webhook.deliver.${deliveryId}.${attempt}`,
  partition: ({ deliveryId }) => readId('whd', deliveryId)?.partition ?? 0,
})

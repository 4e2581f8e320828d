// What was given up, and putting it back in line.
import { z } from 'zod'
import { pageSchema } from './page.ts'

export const deadLetter = z.object({
  id: z.string(),
  queue: z.string(),
  kind: z.enum(['job', 'webhook_delivery']),
  name: z.string().describe('the job, or the type of the event'),
  reason: z.string(),
  tries: z.int(),
  failedAt: z.iso.datetime(),
})
export type DeadLetter = z.infer<typeof deadLetter>

export const deadLetterPage = pageSchema(deadLetter)

export const redriveRequest = z.strictObject({
  queue: z.string().min(1).max(40),
  ids: z.array(z.string().min(1).max(200)).min(1).max(1_000).optional(),
  dryRun: z.boolean().default(false),
  rate: z.number().min(0.1).max(1_000).optional(),
})
export type RedriveRequest = z.output<typeof redriveRequest>

export const redriveResponse = z.object({
  queue: z.string(),
  matched: z.int(),
  redriven: z.int(),
  remaining: z.int().describe('ask again for the rest'),
  dryRun: z.boolean(),
})

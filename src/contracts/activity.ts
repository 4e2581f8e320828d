// Public shapes of the activity trail: what somebody did, as the product that uses us tells it.
import { z } from 'zod'
import { pageSchema } from './page.ts'
import { metadata } from './verification.ts'

const entryFields = {
  activity: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[^\p{Cc}\p{Cf}]+$/u, 'must have no control characters'),
  metadata: metadata.optional(),
  userId: z.string().min(1).max(255).optional().describe('whose activity; servers and admins only, others write their own'),
}

export const recordActivityRequest = z.strictObject(entryFields)
export const batchActivityRequest = z.strictObject({ entries: z.array(recordActivityRequest).min(1).max(100) })

export const activityEntry = z.object({
  id: z.string(),
  activity: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  at: z.iso.datetime(),
})
export const activityPage = pageSchema(activityEntry)
export const batchActivityResponse = z.object({ results: z.array(z.object({ id: z.string() })).describe('in the order of the entries') })

export const activityStatistics = z.object({
  days: z.array(
    z.object({
      day: z.iso.date().describe('UTC'),
      entries: z.int(),
      users: z.int().describe('different users, to about one per cent'),
      byActivity: z.record(z.string(), z.int()),
    }),
  ),
})

export type RecordActivityRequest = z.output<typeof recordActivityRequest>
export type ActivityEntry = z.infer<typeof activityEntry>
export type ActivityPage = z.infer<typeof activityPage>
export type ActivityStatistics = z.infer<typeof activityStatistics>

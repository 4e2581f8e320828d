// Public shapes of retention: how long something is kept, and whether a legal hold forbids its end.
import { z } from 'zod'

export const assignRetentionRequest = z.strictObject({
  class: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,39}$/)
    .describe('transient (30 days), standard (5 years), extended (7 years), long (10 years) or permanent'),
})

export const legalHoldRequest = z.strictObject({
  reason: z.string().trim().min(1).max(500).describe('kept encrypted, shown to admins only'),
})

export const retentionView = z.object({
  subject: z.string().describe('id of the envelope or document'),
  class: z.string().nullable().describe('null: none was assigned, and nothing is removed'),
  startsAt: z.iso.datetime().nullable(),
  endsAt: z.iso.datetime().nullable().describe('when it may be removed; null: never'),
  legalHold: z.object({ since: z.iso.datetime(), reason: z.string().nullable().describe('null for those who are not admins') }).nullable(),
  version: z.int(),
  purgedAt: z.iso.datetime().nullable(),
})

export type RetentionView = z.infer<typeof retentionView>

// Public shapes of sessions, session UUIDs and revoked tokens.
import { z } from 'zod'
import { pageSchema } from './page.ts'
import { metadata } from './verification.ts'

/** How sure a session's user was named lately, rising. `elevated`: by a second proof, for a while. */
export const assuranceLevels = ['basic', 'elevated'] as const
export type Assurance = (typeof assuranceLevels)[number]

const userId = z.string().min(1).max(255)

export const createSessionRequest = z.strictObject({
  metadata: metadata.optional(),
  userId: userId.optional().describe('whose session; servers and admins only, others open their own'),
  userAgent: z.string().max(1_024).optional().describe("the user's own User-Agent, where a server asks; only its kind is kept"),
})

export const patchSessionRequest = z.strictObject({
  metadata: metadata.describe('merged name by name; null removes a name'),
})

export const stepUpRequest = z.strictObject({
  proof: z.string().min(1).max(4_096).describe('of a verification for two_factor or identity_verification, not older than five minutes'),
})

export const batchSignOutRequest = z
  .strictObject({
    sessionIds: z.array(z.string().min(1).max(64)).max(100).default([]),
    userIds: z.array(userId).max(100).default([]),
  })
  .refine(({ sessionIds, userIds }) => sessionIds.length + userIds.length > 0, 'name sessions or users')

export const session = z.object({
  id: z.uuid(),
  createdAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime().describe('to the minute'),
  expiresAt: z.iso.datetime().describe('24 hours after it was last seen, 30 days after it began at the latest'),
  device: z.object({ name: z.string(), type: z.enum(['desktop', 'mobile', 'tablet', 'program', 'unknown']) }),
  metadata: z.record(z.string(), z.unknown()),
  assurance: z.enum(assuranceLevels),
  assuranceExpiresAt: z.iso.datetime().optional().describe('when it falls back to basic'),
  current: z.boolean().describe("whether the caller's own token names it (`sid`)"),
})

export const sessionPage = pageSchema(session)

export const signedOut = z.object({ ended: z.int().describe('sessions that were open and are not any more') })
export const batchSignedOut = z.object({
  results: z.array(
    z.object({ sessionId: z.string().optional(), userId: z.string().optional(), result: z.enum(['ended', 'not_found']), ended: z.int() }),
  ),
})

export const sessionStatistics = z.object({
  active: z.int(),
  days: z.array(
    z.object({
      day: z.iso.date().describe('UTC'),
      created: z.int(),
      ended: z.int(),
      endedBy: z.object({ sign_out: z.int(), expired: z.int(), displaced: z.int() }),
      steppedUp: z.int(),
      unusual: z.int(),
      tokensRevoked: z.int(),
    }),
  ),
})

export const revokeTokenRequest = z.strictObject({ token: z.string().min(1).max(8_192).describe('the JWT itself') })
export const revokedToken = z.object({
  revoked: z.literal(true),
  expiresAt: z.iso.datetime().describe('when the token would have ended by itself'),
})

export const sessionUuid = z.object({ uuid: z.uuid(), expiresAt: z.iso.datetime() })
export const validateUuidRequest = z.strictObject({ uuid: z.string().max(64) })
export const validatedUuid = z.object({
  valid: z.boolean(),
  uuid: z.string().describe('the one that was asked about'),
  expiresAt: z.iso.datetime().optional(),
  replaced: z.uuid().optional().describe('a new one to go on with, when the one asked about belongs to somebody else'),
})

export type CreateSessionRequest = z.output<typeof createSessionRequest>
export type PatchSessionRequest = z.output<typeof patchSessionRequest>
export type BatchSignOutRequest = z.output<typeof batchSignOutRequest>
export type BatchSignedOut = z.infer<typeof batchSignedOut>
export type Session = z.infer<typeof session>
export type SessionPage = z.infer<typeof sessionPage>
export type SessionStatistics = z.infer<typeof sessionStatistics>
export type ValidatedUuid = z.infer<typeof validatedUuid>

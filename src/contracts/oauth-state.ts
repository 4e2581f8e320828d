// Public shapes of OAuth states: what a sign-in at somebody else's takes along, and what comes back.
import { z } from 'zod'

const time = z.iso.datetime()

export const createOauthStateRequest = z.strictObject({
  provider: z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/, 'must be a word in lower case'),
  redirect: z.string().min(1).max(64).describe('an id that the operator registered'),
  data: z.record(z.string(), z.unknown()).optional().describe('given back at consume; at most 8 kB and 12 levels'),
  binding: z.string().min(16).max(256).optional().describe('servers: a hash of their user’s session, to be given again at consume'),
})

export const createdOauthState = z.object({
  state: z.string(),
  codeChallenge: z.string(),
  codeChallengeMethod: z.literal('S256'),
  nonce: z.string(),
  redirectUri: z.string().describe('where the registered redirect leads'),
  expiresAt: time,
})

export const oauthStateStatus = z.object({
  valid: z.boolean().describe('whether it can be consumed, by whoever it is bound to'),
  reason: z.enum(['token_invalid', 'token_used', 'token_expired', 'binding_mismatch']).optional(),
  provider: z.string().optional(),
  redirect: z.string().optional(),
  expiresAt: time.optional(),
})

export const consumeOauthStateRequest = z.strictObject({ binding: z.string().min(1).max(256).optional() })

export const consumedOauthState = z.object({
  provider: z.string(),
  redirect: z.string(),
  redirectUri: z.string(),
  data: z.record(z.string(), z.unknown()),
  codeVerifier: z.string(),
  nonce: z.string(),
})

export type CreateOauthStateRequest = z.output<typeof createOauthStateRequest>
export type CreatedOauthState = z.infer<typeof createdOauthState>
export type OauthStateStatus = z.infer<typeof oauthStateStatus>
export type ConsumedOauthState = z.infer<typeof consumedOauthState>

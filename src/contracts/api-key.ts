// What an API key may be allowed to do, and how keys are made, listed and changed. Their hashes belong to the stores.
import { z } from 'zod'
import { pageSchema } from './page.ts'

/** `admin` includes the others. */
export const apiKeyScopes = [
  'verifications',
  'pending_operations',
  'flows',
  'sessions',
  'uploads',
  'documents',
  'envelopes',
  'admin',
] as const

export type ApiKeyScope = (typeof apiKeyScopes)[number]

export const createApiKeyRequest = z.strictObject({
  name: z.string().trim().min(1).max(100),
  scopes: z
    .array(z.enum(apiKeyScopes))
    .max(apiKeyScopes.length)
    .default([])
    .transform((scopes) => [...new Set(scopes)]),
})
export type CreateApiKeyRequest = z.output<typeof createApiKeyRequest>

/** How long the key before goes on, in seconds. */
export const rotateApiKeyRequest = z.strictObject({ overlap: z.int().min(0).max(604_800).default(86_400) })

export const apiKey = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(apiKeyScopes)).describe("none: everything that is no admin's"),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().optional().describe('to the minute'),
  previousKeyUntil: z.iso.datetime().optional().describe('until then the key before the last rotation goes on'),
  revokedAt: z.iso.datetime().optional(),
})
export type ApiKeyView = z.infer<typeof apiKey>

export const apiKeyWithSecret = apiKey.extend({ key: z.string().describe('`sk_…`, shown only now') })
export type ApiKeyWithSecret = z.infer<typeof apiKeyWithSecret>
export const apiKeyPage = pageSchema(apiKey)

// Public shapes of pending operations: what a client may send and what it gets.
import { z } from 'zod'

export const operationBackends = ['redis', 'jwt', 'auto'] as const
export const operationStatuses = ['active', 'expiring_soon', 'consumed', 'expired'] as const
export const bulkActions = ['delete', 'expire'] as const
export const exportFormats = ['csv', 'json'] as const

export type OperationBackend = (typeof operationBackends)[number]
export type OperationStatus = (typeof operationStatuses)[number]
export type BulkAction = (typeof bulkActions)[number]
export type ExportFormat = (typeof exportFormats)[number]

export const operationType = z
  .string()
  .max(64)
  .regex(/^[a-z][a-z0-9_]*$/, 'must be lower-case letters, digits and _, a letter first')

/** A JWT of 64 kB of data, with room for the rest. */
const maxTokenLength = 98_000
const token = z.string().min(1).max(maxTokenLength)

/** Shape and size are the domain's to check: it serves callers without a body as well. */
const jsonObject = z.record(z.string(), z.unknown())
const version = z.int().min(1)
const withoutControls = /^[^\p{Cc}\p{Cf}]*$/u
const word = (most: number) => z.string().min(1).max(most).regex(withoutControls, 'must hold no control characters')

export const expiresIn = z
  .union([z.int().min(1), z.string().regex(/^[1-9]\d{0,7}[smhd]$/, 'must be seconds or such as "90s", "30m", "24h", "7d"')])
  .describe('seconds, or such as "90s", "30m", "24h", "7d"; 30 days at most')

export const createOperationRequest = z.strictObject({
  operationType,
  data: jsonObject.describe('an object of at most 64 kB'),
  backend: z.enum(operationBackends).default('redis').describe('jwt: the token holds the data; auto: redis, or jwt while Redis is away'),
  expiresIn: expiresIn.optional(),
  recipient: word(320).optional().describe('who it is for: an e-mail address, a phone number or a user id'),
  channel: word(32).optional(),
  purpose: word(100).optional(),
  metadata: jsonObject.optional().describe('at most 4 kB'),
})

export const createdOperation = z.object({
  token: z.string().describe('shown once, here'),
  id: z.string(),
  backend: z.enum(['redis', 'jwt']),
  singleUse: z.boolean().describe('false while Redis is away: one use then rests on the expiry alone'),
  operationType: z.string(),
  version: z.int(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  expiresIn: z.int().describe('whole seconds left'),
})

export const pendingOperation = z.object({
  id: z.string(),
  backend: z.enum(['redis', 'jwt']),
  operationType: z.string(),
  status: z.enum(operationStatuses),
  version: z.int(),
  recipient: z.string().optional(),
  channel: z.string().optional(),
  purpose: z.string().optional(),
  metadata: jsonObject.optional(),
  data: jsonObject.optional().describe('without secrets; gone once it was consumed or has expired'),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  expiresIn: z.int().describe('whole seconds left'),
})

export const operationPage = z.object({
  nodes: z.array(pendingOperation),
  totalCount: z.int(),
  totalCountIsExact: z.boolean().describe('false when a filter left more than 10,000 operations to look at: there are at least so many'),
  pageInfo: z.object({
    hasNextPage: z.boolean(),
    endCursor: z.string().nullable(),
    hasPreviousPage: z.boolean(),
    startCursor: z.string().nullable(),
  }),
})

export const patchOperationRequest = z.strictObject({
  data: jsonObject.describe('merged as by RFC 7396: objects member by member, null removes, anything else replaces'),
  version: version.optional().describe('the version that the change was made on'),
})
export const updateOperationRequest = z.strictObject({ token, ...patchOperationRequest.shape })
export const lookupOperationRequest = z.strictObject({ token, operationType: operationType.optional() })
/** What a subscription may be narrowed to. */
export const operationTypeFilter = z.strictObject({ operationType: operationType.optional() })
export const consumeOperationRequest = z.strictObject({ token, operationType })

export const consumedOperation = z.object({
  id: z.string(),
  backend: z.enum(['redis', 'jwt']),
  singleUse: z.boolean(),
  operationType: z.string(),
  version: z.int(),
  data: jsonObject,
  recipient: z.string().optional(),
  channel: z.string().optional(),
  purpose: z.string().optional(),
  metadata: jsonObject.optional(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
})

export const bulkOperationRequest = z.strictObject({
  action: z.enum(bulkActions),
  ids: z.array(z.string().min(1).max(64)).min(1).max(100),
})
export const bulkOperationResponse = z.object({
  results: z.array(z.object({ id: z.string(), result: z.enum(['deleted', 'expired', 'not_active', 'not_found']) })),
})

const tally = z.object({ created: z.int(), consumed: z.int(), expired: z.int() })
const tallies = z.record(z.string(), tally)

export const operationStatistics = z.object({
  total: z.int().describe('in Redis now, consumed ones included'),
  active: z.int(),
  expiringSoon: z.int().describe('under 5 minutes left'),
  byType: tallies.describe('of the last 24 hours'),
  hours: z.array(z.object({ from: z.iso.datetime(), created: z.int(), consumed: z.int(), expired: z.int(), byType: tallies })),
  store: z.object({
    hitRate: z
      .number()
      .nullable()
      .describe('of what was asked for by id or token, how much was there; goal 0.9; null when nothing was asked'),
    errorRate: z.number().nullable().describe('of all that was asked of the store, how much failed; goal under 0.001'),
    goals: z.object({ hitRate: z.literal(0.9), errorRate: z.literal(0.001) }),
  }),
})

export type CreatedOperation = z.infer<typeof createdOperation>
export type PendingOperation = z.infer<typeof pendingOperation>
export type OperationPage = z.infer<typeof operationPage>
export type ConsumedOperation = z.infer<typeof consumedOperation>
export type BulkOperationResponse = z.infer<typeof bulkOperationResponse>
export type OperationStatistics = z.infer<typeof operationStatistics>

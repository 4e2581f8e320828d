// Webhook endpoints and deliveries as their owner sees them, and the body that a receiver gets (Standard Webhooks 1.0).
import { z } from 'zod'
import { pageSchema } from './page.ts'

export const webhookSchemes = ['ed25519', 'hmac'] as const
export type WebhookScheme = (typeof webhookSchemes)[number]

const url = z.string().min(1).max(2_048)
const pattern = z
  .string()
  .max(100)
  .regex(/^(?:\*|[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*(?:\.\*)?)$/, 'must be a type, a beginning with .*, or *')
const events = z.array(pattern).min(1).max(50)
const description = z.string().max(200)

export const createEndpointRequest = z.strictObject({
  url,
  events,
  scheme: z.enum(webhookSchemes).default('ed25519'),
  description: description.optional(),
})
export type CreateEndpointRequest = z.output<typeof createEndpointRequest>

export const changeEndpointRequest = z
  .strictObject({ url: url.optional(), events: events.optional(), description: description.optional(), enabled: z.boolean().optional() })
  .refine((change) => Object.keys(change).length > 0, 'must change something')
export type ChangeEndpointRequest = z.output<typeof changeEndpointRequest>

/** How long the key before signs as well, in seconds. */
export const rotateRequest = z.strictObject({ overlap: z.int().min(0).max(604_800).default(86_400) })

export const webhookEndpoint = z.object({
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  scheme: z.enum(webhookSchemes),
  description: z.string(),
  enabled: z.boolean(),
  disabledReason: z.string().optional().describe('`gone`: the receiver said 410; `owner`: you did'),
  publicKey: z.string().optional().describe('`whpk_…`, by which signatures are checked (ed25519)'),
  previousPublicKey: z.string().optional(),
  previousKeyUntil: z.iso.datetime().optional().describe('until then the key before signs as well'),
  version: z.int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})
export type WebhookEndpointView = z.infer<typeof webhookEndpoint>

export const webhookEndpointWithSecret = webhookEndpoint.extend({
  secret: z.string().optional().describe('`whsec_…` (hmac), shown only now'),
})
export type WebhookEndpointWithSecret = z.infer<typeof webhookEndpointWithSecret>
export const webhookEndpointPage = pageSchema(webhookEndpoint)

export const webhookDelivery = z.object({
  id: z.string(),
  endpointId: z.string(),
  eventId: z.string().describe('the `webhook-id` of every try'),
  type: z.string(),
  status: z.enum(['pending', 'delivered', 'dead']),
  reason: z.string().optional(),
  nextAttemptAt: z.iso.datetime().optional(),
  createdAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
  attempts: z.array(
    z.object({ number: z.int(), at: z.iso.datetime(), durationMs: z.int(), outcome: z.string(), status: z.int().optional() }),
  ),
})
export type WebhookDeliveryView = z.infer<typeof webhookDelivery>
export const webhookDeliveryPage = pageSchema(webhookDelivery)

export const webhookAccepted = z.object({ deliveryId: z.string() })

/** What a receiver gets. */
export const webhookBody = z.object({
  type: z.string(),
  timestamp: z.iso.datetime().describe('when it happened'),
  data: z.record(z.string(), z.unknown()).describe('`subject` and what the event says'),
  sequence: z.int().describe('rises for each subject; deliveries may overtake each other'),
})

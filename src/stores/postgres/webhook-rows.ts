// Between the rows of the webhook tables and the records of the domain.
import { webhookSchemes } from '../../contracts/webhook.ts'
import type { DeliveryStatus, WebhookAttempt, WebhookDelivery, WebhookEndpoint } from '../../domain/event-ports.ts'

export type EndpointRow = {
  id: string
  url: string
  events: string[]
  scheme: string
  description: string
  disabled_reason: string | null
  sealed_secret: string
  previous_sealed_secret: string | null
  previous_until: Date | null
  version: number
  created_at: Date
  updated_at: Date
}

export type DeliveryRow = {
  id: string
  event_id: string
  endpoint_id: string
  type: string
  status: DeliveryStatus
  attempts: number
  round_start: number
  next_attempt_at: Date
  lease_until: Date | null
  reason: string | null
  created_at: Date
  ended_at: Date | null
}

export type AttemptRow = { delivery_id: string; number: number; at: Date; duration_ms: number; outcome: string; status: number | null }

export function endpointOf(row: EndpointRow): WebhookEndpoint {
  const scheme = webhookSchemes.find((known) => known === row.scheme)
  if (!scheme) throw new TypeError('a stored endpoint has an unknown scheme')
  return {
    id: row.id,
    url: row.url,
    events: row.events,
    scheme,
    description: row.description,
    disabledReason: row.disabled_reason,
    sealedSecret: row.sealed_secret,
    previousSealedSecret: row.previous_sealed_secret,
    previousUntilMs: row.previous_until?.getTime() ?? null,
    version: row.version,
    createdAtMs: row.created_at.getTime(),
    updatedAtMs: row.updated_at.getTime(),
  }
}

export function deliveryOf(row: DeliveryRow): WebhookDelivery {
  return {
    id: row.id,
    endpointId: row.endpoint_id,
    eventId: row.event_id,
    type: row.type,
    status: row.status,
    attempts: row.attempts,
    roundStart: row.round_start,
    nextAttemptAtMs: row.next_attempt_at.getTime(),
    reason: row.reason,
    createdAtMs: row.created_at.getTime(),
    endedAtMs: row.ended_at?.getTime() ?? null,
  }
}

export function attemptOf({ delivery_id: deliveryId, number, at, duration_ms: durationMs, outcome, status }: AttemptRow): WebhookAttempt {
  return { deliveryId, number, atMs: at.getTime(), durationMs, outcome, status }
}

/** What a DeliveryRow is read from. */
export const deliveryColumns = `d.id, d.event_id, d.endpoint_id, e.type, d.status, d.attempts, d.round_start, d.next_attempt_at, d.lease_until, d.reason, d.created_at, d.ended_at`
export const deliveries = `webhook_deliveries d join webhook_events e on e.id = d.event_id`

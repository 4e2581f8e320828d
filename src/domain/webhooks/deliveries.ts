// What was sent to an endpoint and what became of it; sending a test; sending again what is over.
import type { WebhookDeliveryView } from '../../contracts/webhook.ts'
import { AppError } from '../../errors.ts'
import { createId } from '../../lib/ids.ts'
import type { OutboxEvent, WebhookAttempt, WebhookDelivery } from '../event-ports.ts'
import { placeOf, toPage, type Page, type PageRequest } from '../page.ts'
import type { Trace } from '../state-ports.ts'
import type { WebhookDeps } from './endpoints.ts'
import { bodyOf, deliveryId } from './plan.ts'

/** Puts the first job of a delivery on its queue; best effort, since the loop over what is owed does it as well. */
export type DeliverSoon = (delivery: { id: string; attempt: number }) => Promise<void>

const noHeader = { partition: 0, keyTag: 0, traits: 0 }

/** Newest first, with every try. */
export async function listDeliveries(deps: WebhookDeps, endpointId: string, request: PageRequest): Promise<Page<WebhookDeliveryView>> {
  if (!(await deps.webhooks.find(endpointId))) throw new AppError('not_found')
  const query = `webhook-deliveries ${endpointId}`
  const { deliveries, attempts, total } = await deps.webhooks.deliveries(
    endpointId,
    placeOf(deps.keyring, query, request),
    request.first + 1,
  )
  const byDelivery = Map.groupBy(attempts, (attempt) => attempt.deliveryId)
  return toPage(
    { keyring: deps.keyring, query, request },
    deliveries,
    total,
    ({ id }) => id,
    (delivery) => viewOf(delivery, byDelivery.get(delivery.id) ?? []),
  )
}

/** Sends an event of type `webhook_endpoint.test` to one endpoint, like any other. */
export async function sendTest(deps: WebhookDeps, endpointId: string, soon: DeliverSoon): Promise<string> {
  const endpoint = await deps.webhooks.find(endpointId)
  if (!endpoint) throw new AppError('not_found')
  if (endpoint.disabledReason !== null) throw new AppError('endpoint_disabled')
  const nowMs = deps.clock.nowMs()
  const eventId = createId('evt', noHeader)
  const id = deliveryId(eventId, endpointId)
  const type = 'webhook_endpoint.test'
  const body = bodyOf({ type, atMs: nowMs, subject: `webhook_endpoint:${endpointId}`, sequence: endpoint.version, data: {} })
  await deps.webhooks.plan({ eventId, type, body, deliveries: [{ id, endpointId }] }, nowMs)
  await soon({ id, attempt: 1 }).catch(() => {})
  return id
}

/** Begins a new round of tries for a delivery that is over, delivered or dead, with the same id and body. Throws `not_found`, `delivery_pending`. */
export async function replayDelivery(
  deps: WebhookDeps,
  id: string,
  trace: Trace,
  soon: DeliverSoon,
  atMs = deps.clock.nowMs(),
): Promise<void> {
  const delivery = await deps.webhooks.findDelivery(id)
  if (!delivery) throw new AppError('not_found')
  const event: OutboxEvent = {
    ...trace,
    id: createId('evt', noHeader),
    partition: 0,
    type: 'webhook_delivery.replayed',
    subject: `webhook_delivery:${id}`,
    sequence: delivery.attempts,
    atMs: deps.clock.nowMs(),
    data: { endpointId: delivery.endpointId, eventId: delivery.eventId },
  }
  if (!(await deps.webhooks.replay(id, atMs, event))) throw new AppError('delivery_pending')
  if (atMs <= deps.clock.nowMs()) await soon({ id, attempt: delivery.attempts + 1 }).catch(() => {})
}

function viewOf(delivery: WebhookDelivery, attempts: readonly WebhookAttempt[]): WebhookDeliveryView {
  const { id, endpointId, eventId, type, status, reason, endedAtMs } = delivery
  return {
    id,
    endpointId,
    eventId,
    type,
    status,
    ...(reason === null ? {} : { reason }),
    ...(status === 'pending' ? { nextAttemptAt: new Date(delivery.nextAttemptAtMs).toISOString() } : {}),
    createdAt: new Date(delivery.createdAtMs).toISOString(),
    ...(endedAtMs === null ? {} : { endedAt: new Date(endedAtMs).toISOString() }),
    attempts: attempts.map(({ number, atMs, durationMs, outcome, status: answered }) => ({
      number,
      at: new Date(atMs).toISOString(),
      durationMs,
      outcome,
      ...(answered === null ? {} : { status: answered }),
    })),
  }
}

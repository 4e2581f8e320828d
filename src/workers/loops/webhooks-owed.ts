// Which deliveries are due, for the loop over what is owed; forgets what ended long ago.
import type { WebhookStore } from '../../domain/event-ports.ts'
import type { JobRequest } from '../../domain/ports.ts'
import type { Clock } from '../../lib/clock.ts'
import { DAY_MS, HOUR_MS } from '../../lib/durations.ts'
import type { Loop } from './every.ts'
import { startOwed, type OwedDeps, type OwedSource } from './owed.ts'

const keptMs = 30 * DAY_MS

export function startWebhooksOwed({ webhooks, ...rest }: Omit<OwedDeps, 'owed'> & { webhooks: WebhookStore; clock: Clock }): Loop {
  let forgetAtMs = 0
  return startOwed('webhooks', { ...rest, owed: deliveriesOwed(webhooks) }, async () => {
    if (rest.clock.nowMs() < forgetAtMs) return
    await webhooks.forget(rest.clock.nowMs() - keptMs)
    forgetAtMs = rest.clock.nowMs() + HOUR_MS
  })
}

/** Exported for tests. */
export function deliveriesOwed(webhooks: WebhookStore): OwedSource {
  return async (limit, nowMs, againMs) => (await webhooks.owed(limit, nowMs, againMs)).map(({ id, attempt }) => deliveryJob(id, attempt))
}

export function deliveryJob(deliveryId: string, attempt: number): JobRequest {
  return { name: 'webhook.deliver', payload: { deliveryId, attempt } }
}

// One try of one delivery: claim it, sign, send, and write down what became of it and what follows.
import { RetryLater, AppError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'
import { createId } from '../../lib/ids.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { DeliveryClaim, DeliverySettlement, OutboxEvent, WebhookAnswer, WebhookSender, WebhookStore } from '../event-ports.ts'
import { waitAfter } from './schedule.ts'
import { liveSecrets } from './secrets.ts'
import { signedHeaders } from './signature.ts'

export type WebhookDeliverDeps = { clock: Clock; keyring: Keyring; webhooks: WebhookStore; sendWebhook: WebhookSender }

/** Longer than a try takes: after it the try of a worker that died may be made again. */
const leaseMs = 0.5 * MINUTE_MS
/** Tries that one endpoint has under way at once: a slow one holds up nobody else. */
const mostAtOnce = 10
const busyMs = 2 * SECOND_MS
const awayMs = 5 * SECOND_MS

type Taken = Extract<DeliveryClaim, { kind: 'go' }>

/** Makes a try. Throws RetryLater when it could not be made now; a try that failed is settled, and its next one has a job of its own. */
export async function deliverWebhook(
  deps: WebhookDeliverDeps,
  { deliveryId, attempt }: { deliveryId: string; attempt: number },
  { signal }: { signal: AbortSignal },
): Promise<{ outcome: string }> {
  const claim = await reachable(deps.webhooks.claim(deliveryId, attempt, deps.clock.nowMs(), leaseMs, mostAtOnce))
  if (claim.kind === 'done') return { outcome: 'done_before' }
  if (claim.kind === 'busy') throw new RetryLater('endpoint_busy', busyMs)
  const startedAtMs = deps.clock.nowMs()
  const refused = reasonNotToSend(deps, claim, startedAtMs)
  const answer = refused === null ? await send(deps, claim, startedAtMs, signal) : null
  if (answer?.kind === 'failed' && answer.reason === 'aborted') {
    // This process is being stopped: the try is another's, and what the receiver saw of this one has the same id.
    await deps.webhooks.release(deliveryId).catch(() => {})
    throw new RetryLater('aborted', SECOND_MS)
  }
  const settlement =
    refused === null && answer ? judge(claim, answer, startedAtMs, deps.clock.nowMs()) : dead(claim, refused ?? 'unknown', startedAtMs)
  await reachable(deps.webhooks.settle(deliveryId, settlement, eventsOf(claim, settlement)))
  return { outcome: settlement.status === 'pending' ? 'failed_once' : settlement.status }
}

function reasonNotToSend({ keyring }: WebhookDeliverDeps, { endpoint }: Taken, nowMs: number): string | null {
  if (endpoint.disabledReason !== null) return 'endpoint_disabled'
  return liveSecrets(keyring, endpoint, nowMs).length === 0 ? 'secret_unreadable' : null
}

function send(
  { keyring, sendWebhook }: WebhookDeliverDeps,
  { delivery, endpoint, body }: Taken,
  nowMs: number,
  signal: AbortSignal,
): Promise<WebhookAnswer> {
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'Sallyport-Webhooks/1',
    ...signedHeaders(liveSecrets(keyring, endpoint, nowMs), delivery.eventId, nowMs, body),
  }
  return sendWebhook({ url: endpoint.url, headers, body }, signal)
}

/** Only 2xx is success; 410 is the receiver's wish to hear nothing more; everything else is tried again while the schedule lasts. */
function judge({ delivery }: Taken, answer: WebhookAnswer, startedAtMs: number, nowMs: number): DeliverySettlement {
  const status = answer.kind === 'answered' ? answer.status : null
  const outcome = outcomeOf(answer)
  const attempt = {
    deliveryId: delivery.id,
    number: delivery.attempts + 1,
    atMs: startedAtMs,
    durationMs: Math.max(0, nowMs - startedAtMs),
    outcome,
    status,
  }
  if (outcome === 'delivered') return { attempt, status: 'delivered', reason: null, nextAttemptAtMs: nowMs }
  if (status === 410) return { attempt, status: 'dead', reason: 'gone', nextAttemptAtMs: nowMs, disable: 'gone' }
  const waitMs = waitAfter(attempt.number - delivery.roundStart, answer.kind === 'answered' ? answer.retryAfter : undefined, nowMs)
  if (waitMs === null) return { attempt, status: 'dead', reason: outcome, nextAttemptAtMs: nowMs }
  return { attempt, status: 'pending', reason: outcome, nextAttemptAtMs: nowMs + waitMs }
}

function outcomeOf(answer: WebhookAnswer): string {
  if (answer.kind === 'failed') return answer.reason
  if (answer.status >= 200 && answer.status < 300) return 'delivered'
  return answer.status >= 300 && answer.status < 400 ? 'redirect' : `status_${answer.status}`
}

function dead({ delivery }: Taken, reason: string, nowMs: number): DeliverySettlement {
  const attempt = { deliveryId: delivery.id, number: delivery.attempts + 1, atMs: nowMs, durationMs: 0, outcome: reason, status: null }
  return { attempt, status: 'dead', reason, nextAttemptAtMs: nowMs }
}

/** What ends for good is told to the trail. */
function eventsOf({ delivery, endpoint }: Taken, { attempt, status, reason, disable }: DeliverySettlement): OutboxEvent[] {
  const base = { partition: 0, atMs: attempt.atMs + attempt.durationMs, requestId: '', actor: '' }
  const id = () => createId('evt', { partition: 0, keyTag: 0, traits: 0 })
  const given: OutboxEvent = {
    ...base,
    id: id(),
    type: 'webhook_delivery.dead',
    subject: `webhook_delivery:${delivery.id}`,
    sequence: attempt.number,
    data: { endpointId: endpoint.id, eventId: delivery.eventId, reason: reason ?? '' },
  }
  const disabled: OutboxEvent = {
    ...base,
    id: id(),
    type: 'webhook_endpoint.disabled',
    subject: `webhook_endpoint:${endpoint.id}`,
    sequence: endpoint.version + 1,
    data: { reason: disable ?? '' },
  }
  return [...(status === 'dead' ? [given] : []), ...(disable === undefined ? [] : [disabled])]
}

/** Postgres being away says nothing about the delivery: the job waits for it. */
async function reachable<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work
  } catch (error) {
    if (error instanceof AppError && error.code === 'service_degraded') throw new RetryLater('postgres_away', awayMs)
    throw error
  }
}

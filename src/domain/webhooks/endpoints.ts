// Endpoints: made, listed, changed, removed by admins; their keys rotate while the one before still signs. Each change is an event.
import type {
  ChangeEndpointRequest,
  CreateEndpointRequest,
  WebhookEndpointView,
  WebhookEndpointWithSecret,
} from '../../contracts/webhook.ts'
import { AppError, invalidField } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { createId } from '../../lib/ids.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { OutboxEvent, WebhookEndpoint, WebhookStore } from '../event-ports.ts'
import { placeOf, toPage, type Page, type PageRequest } from '../page.ts'
import type { Trace } from '../state-ports.ts'
import { openSecret, sealSecret } from './secrets.ts'
import { createWebhookSecret, publicKeyOf } from './signature.ts'

/** `refuseUrl` says why an address may not be told of anything; null for one that may. */
export type WebhookDeps = { clock: Clock; keyring: Keyring; webhooks: WebhookStore; refuseUrl: (url: string) => string | null }

const mostEndpoints = 100
const noHeader = { partition: 0, keyTag: 0, traits: 0 }

/** Makes an endpoint. An HMAC secret is in this answer and in no other. Throws `invalid_request` for an address that is refused. */
export async function createEndpoint(deps: WebhookDeps, request: CreateEndpointRequest, trace: Trace): Promise<WebhookEndpointWithSecret> {
  const url = acceptedUrl(deps, request.url)
  const nowMs = deps.clock.nowMs()
  const id = createId('whe', noHeader)
  const secret = createWebhookSecret(request.scheme)
  const endpoint: WebhookEndpoint = {
    id,
    url,
    events: [...new Set(request.events)],
    scheme: request.scheme,
    description: request.description ?? '',
    disabledReason: null,
    sealedSecret: sealSecret(deps.keyring, id, secret),
    previousSealedSecret: null,
    previousUntilMs: null,
    version: 1,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  }
  const isMade = await deps.webhooks.create(endpoint, mostEndpoints, eventOf('created', endpoint, trace, nowMs))
  if (!isMade) throw new AppError('invalid_request', { detail: `There are ${mostEndpoints} endpoints already.` })
  return withSecret(deps, endpoint, secret)
}

export async function listEndpoints(deps: WebhookDeps, request: PageRequest): Promise<Page<WebhookEndpointView>> {
  const query = 'webhook-endpoints'
  const { endpoints, total } = await deps.webhooks.list(placeOf(deps.keyring, query, request), request.first + 1)
  return toPage(
    { keyring: deps.keyring, query, request },
    endpoints,
    total,
    ({ id }) => id,
    (endpoint) => viewOf(deps, endpoint),
  )
}

/** Throws `not_found`, as all that follow do. */
export async function getEndpoint(deps: WebhookDeps, id: string): Promise<WebhookEndpointView> {
  return viewOf(deps, found(await deps.webhooks.find(id)))
}

/** An endpoint that is enabled again gets what happens from then on; what it missed can be replayed. */
export async function changeEndpoint(
  deps: WebhookDeps,
  id: string,
  request: ChangeEndpointRequest,
  trace: Trace,
): Promise<WebhookEndpointView> {
  const nowMs = deps.clock.nowMs()
  const change = {
    ...(request.url === undefined ? {} : { url: acceptedUrl(deps, request.url) }),
    ...(request.events === undefined ? {} : { events: [...new Set(request.events)] }),
    ...(request.description === undefined ? {} : { description: request.description }),
    ...(request.enabled === undefined ? {} : { disabledReason: request.enabled ? null : 'owner' }),
  }
  return viewOf(deps, found(await deps.webhooks.change(id, change, nowMs, (changed) => eventOf('changed', changed, trace, nowMs))))
}

export async function removeEndpoint(deps: WebhookDeps, id: string, trace: Trace): Promise<void> {
  const isRemoved = await deps.webhooks.remove(id, (removed) =>
    eventOf('deleted', { ...removed, version: removed.version + 1 }, trace, deps.clock.nowMs()),
  )
  if (!isRemoved) throw new AppError('not_found')
}

/** A new key signs from now on, the one before as well for `overlapSeconds`; there are never more than two. */
export async function rotateEndpointKey(
  deps: WebhookDeps,
  id: string,
  overlapSeconds: number,
  trace: Trace,
): Promise<WebhookEndpointWithSecret> {
  const nowMs = deps.clock.nowMs()
  const endpoint = found(await deps.webhooks.find(id))
  const secret = createWebhookSecret(endpoint.scheme)
  const change = {
    sealedSecret: sealSecret(deps.keyring, id, secret),
    previousSealedSecret: overlapSeconds > 0 ? endpoint.sealedSecret : null,
    previousUntilMs: overlapSeconds > 0 ? nowMs + overlapSeconds * SECOND_MS : null,
  }
  return withSecret(
    deps,
    found(await deps.webhooks.change(id, change, nowMs, (changed) => eventOf('key_rotated', changed, trace, nowMs))),
    secret,
  )
}

function acceptedUrl({ refuseUrl }: WebhookDeps, url: string): string {
  const refusal = refuseUrl(url)
  if (refusal !== null) throw invalidField('/url', refusal)
  return new URL(url).href
}

function found(endpoint: WebhookEndpoint | null): WebhookEndpoint {
  if (!endpoint) throw new AppError('not_found')
  return endpoint
}

function eventOf(verb: string, endpoint: WebhookEndpoint, trace: Trace, nowMs: number): OutboxEvent {
  const { id, version, scheme, disabledReason } = endpoint
  const data = {
    scheme,
    host: new URL(endpoint.url).host,
    events: endpoint.events.join(' '),
    ...(disabledReason === null ? {} : { disabledReason }),
  }
  return {
    ...trace,
    id: createId('evt', noHeader),
    partition: 0,
    type: `webhook_endpoint.${verb}`,
    subject: `webhook_endpoint:${id}`,
    sequence: version,
    atMs: nowMs,
    data,
  }
}

function withSecret(deps: WebhookDeps, endpoint: WebhookEndpoint, secret: string): WebhookEndpointWithSecret {
  return { ...viewOf(deps, endpoint), ...(endpoint.scheme === 'hmac' ? { secret } : {}) }
}

function viewOf({ keyring, clock }: WebhookDeps, endpoint: WebhookEndpoint): WebhookEndpointView {
  const { id, url, events, scheme, description, version, disabledReason, previousUntilMs } = endpoint
  const hasPrevious = previousUntilMs !== null && previousUntilMs > clock.nowMs()
  const opened = (sealed: string | null): string | null => (sealed === null || scheme === 'hmac' ? null : openSecret(keyring, id, sealed))
  const [newest, previous] = [opened(endpoint.sealedSecret), hasPrevious ? opened(endpoint.previousSealedSecret) : null]
  return {
    id,
    url,
    events: [...events],
    scheme,
    description,
    enabled: disabledReason === null,
    ...(disabledReason === null ? {} : { disabledReason }),
    ...(newest === null ? {} : { publicKey: publicKeyOf(newest) ?? '' }),
    ...(previous === null ? {} : { previousPublicKey: publicKeyOf(previous) ?? '' }),
    ...(hasPrevious ? { previousKeyUntil: new Date(previousUntilMs).toISOString() } : {}),
    version,
    createdAt: new Date(endpoint.createdAtMs).toISOString(),
    updatedAt: new Date(endpoint.updatedAtMs).toISOString(),
  }
}

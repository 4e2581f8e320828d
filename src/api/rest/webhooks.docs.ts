// What the generated document says of the webhook routes.
import {
  webhookAccepted,
  webhookDeliveryPage,
  webhookEndpoint,
  webhookEndpointPage,
  webhookEndpointWithSecret,
} from '../../contracts/webhook.ts'
import type { Documentation } from '../route.ts'

const tag = 'Webhooks'
const paging = [
  { in: 'query', name: 'first', means: '1 to 100, 20 if left out' },
  { in: 'query', name: 'after', means: 'a cursor' },
] as const

/** One entry for each route of rest/webhooks.ts. */
export const webhookDocs = {
  create: {
    id: 'createWebhookEndpoint',
    tag,
    summary: 'Register a receiver',
    details:
      'Events arrive by Standard Webhooks 1.0. `events` are types (`verification.approved`), beginnings (`verification.*`) or `*`. `ed25519` (if left out) shows a public key, `hmac` a secret, once. The address must be https and public.',
    parameters: [{ in: 'header', name: 'Idempotency-Key', means: 'The same key and body give the same answer for 24 hours.' }],
    example: { url: 'https://example.com/hooks', events: ['verification.*'] },
    answers: [{ status: 201, means: 'Made.', schema: webhookEndpointWithSecret, headers: { Location: 'its address' } }],
    problems: ['invalid_request', 'idempotency_key_reused', 'idempotency_key_in_progress'],
  },
  list: {
    id: 'listWebhookEndpoints',
    tag,
    summary: 'List receivers',
    parameters: paging,
    answers: [{ status: 200, means: 'A page, newest first.', schema: webhookEndpointPage }],
    problems: ['invalid_request'],
  },
  read: {
    id: 'getWebhookEndpoint',
    tag,
    summary: 'Read a receiver',
    answers: [{ status: 200, means: 'The receiver.', schema: webhookEndpoint }],
    problems: ['not_found'],
  },
  change: {
    id: 'changeWebhookEndpoint',
    tag,
    summary: 'Change a receiver',
    details: 'One that is disabled gets nothing, and what was still to come is given up; enabled again, it gets what happens from then on.',
    example: { events: ['verification.approved'], enabled: true },
    answers: [{ status: 200, means: 'Changed.', schema: webhookEndpoint }],
    problems: ['not_found'],
  },
  remove: {
    id: 'deleteWebhookEndpoint',
    tag,
    summary: 'Remove a receiver and its log',
    answers: [{ status: 204, means: 'Removed.' }],
    problems: ['not_found'],
  },
  rotate: {
    id: 'rotateWebhookKey',
    tag,
    summary: 'Exchange the key of a receiver',
    details: 'The new key signs at once, the one before as well for `overlap` seconds (a day if left out, at most a week).',
    example: { overlap: 86400 },
    answers: [{ status: 200, means: 'The new public key or secret.', schema: webhookEndpointWithSecret }],
    problems: ['not_found'],
  },
  test: {
    id: 'testWebhookEndpoint',
    tag,
    summary: 'Send a test event',
    details: 'Of type `webhook_endpoint.test`, like any other: signed, logged, tried again.',
    answers: [{ status: 202, means: 'On its way.', schema: webhookAccepted, headers: { Location: 'where its delivery shows' } }],
    problems: ['not_found', 'endpoint_disabled'],
  },
  deliveries: {
    id: 'listWebhookDeliveries',
    tag,
    summary: 'List what was sent',
    details: 'Newest first, with every try; kept for 30 days.',
    parameters: paging,
    answers: [{ status: 200, means: 'A page.', schema: webhookDeliveryPage }],
    problems: ['not_found'],
  },
  replay: {
    id: 'replayWebhookDelivery',
    tag,
    summary: 'Send again',
    details: 'A delivery that is over, delivered or dead, begins a new round of tries with the same `webhook-id` and body.',
    answers: [{ status: 202, means: 'On its way.', schema: webhookAccepted }],
    problems: ['not_found', 'delivery_pending'],
  },
} as const satisfies Record<string, Documentation>

// Receipts from providers: checks who sent them and hands them to the domain. A receipt for nothing we know does no harm and is thanked for.
import { emailReceiptRequest } from '../../contracts/receipt.ts'
import type { Receipt } from '../../domain/ports.ts'
import { readReference, receiveReceipt } from '../../domain/verification/receipts.ts'
import { AppError } from '../../errors.ts'
import { parseJson, readForm, readRawBody } from '../body.ts'
import type { ApiDeps } from '../deps.ts'
import { isTwilioSignature, isWebhookSignature } from '../receipt-signatures.ts'
import { queryText } from '../request-context.ts'
import type { Call, Route } from '../route.ts'
import { validate } from '../validate.ts'

const tag = 'Receipts'
const taken = { status: 200, means: 'Taken, also when it is about nothing we know.' }

/** The routes that providers call. */
export function callbackRoutes(deps: ApiDeps): Route[] {
  const shared = { method: 'post', access: 'open', limit: 'none' } as const
  return [
    {
      ...shared,
      path: '/v1/callbacks/twilio/status',
      reads: 'form',
      doc: {
        id: 'receiveTwilioStatus',
        tag,
        summary: "Twilio's status callback",
        details: "A form in Twilio's own shape. The address carries `?ref=`, the verification and attempt.",
        parameters: [
          { in: 'header', name: 'X-Twilio-Signature', means: "Twilio's signature over the address and the form", isRequired: true },
          { in: 'query', name: 'ref', means: 'the verification id, a dot, the number of the attempt' },
        ],
        answers: [taken],
        problems: ['signature_invalid', 'service_degraded'],
      },
      handle: (call) => receiveTwilio(deps, call),
    },
    {
      ...shared,
      path: '/v1/callbacks/email',
      reads: 'raw',
      doc: {
        id: 'receiveEmailReceipt',
        tag,
        summary: 'What became of an e-mail',
        details: 'Signed as by Standard Webhooks with EMAIL_CALLBACK_SECRET, at most five minutes old.',
        parameters: ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => ({
          in: 'header',
          name,
          means: 'Standard Webhooks',
          isRequired: true,
        })),
        example: { reference: '<ver_….1@example.com>', status: 'delivered', at: '2026-11-20T19:17:00.000Z' },
        answers: [taken],
        problems: ['signature_invalid', 'service_degraded'],
      },
      handle: (call) => receiveMail(deps, call),
    },
  ]
}

async function receiveTwilio(deps: ApiDeps, { req, res }: Call): Promise<void> {
  const fields = await readForm(req, res)
  const authToken = deps.config.TWILIO_AUTH_TOKEN?.reveal()
  const signature = String(req.headers['x-twilio-signature'] ?? '')
  const url = deps.config.PUBLIC_URL + req.originalUrl
  if (!authToken || !isTwilioSignature({ authToken, signature, url, fields })) throw new AppError('signature_invalid')
  const message = readReference(queryText(req, 'ref'))
  const receipt = readTwilioReceipt(fields)
  if (message && receipt) await receiveReceipt(deps, message, receipt)
  res.status(200).type('text/plain').end()
}

async function receiveMail(deps: ApiDeps, { req, res }: Call): Promise<void> {
  const body = await readRawBody(req, res)
  const secret = deps.config.EMAIL_CALLBACK_SECRET?.reveal()
  const webhook = {
    id: String(req.headers['webhook-id'] ?? ''),
    timestamp: String(req.headers['webhook-timestamp'] ?? ''),
    signatures: String(req.headers['webhook-signature'] ?? ''),
    body,
  }
  if (!secret || !isWebhookSignature(secret, webhook, deps.clock.nowMs())) throw new AppError('signature_invalid')
  const { reference, status } = validate(emailReceiptRequest, parseJson(body))
  const message = readReference(reference.replace(/^<|>$/g, '').split('@', 1)[0] ?? '')
  const receipt: Receipt = status === 'delivered' ? { status } : { status: 'undelivered', reason: status }
  if (message) await receiveReceipt(deps, message, receipt)
  res.status(200).type('text/plain').end()
}

/** Twilio's MessageStatus as ours; null for one that says nothing about delivery. */
export function readTwilioReceipt(fields: URLSearchParams): Receipt | null {
  const errorCode = fields.get('ErrorCode') ?? ''
  switch (fields.get('MessageStatus') ?? fields.get('SmsStatus')) {
    case 'accepted':
    case 'queued':
    case 'scheduled':
    case 'sending':
    case 'sent':
      return { status: 'accepted' }
    case 'delivered':
      return { status: 'delivered' }
    case 'read':
      return { status: 'read' }
    case 'undelivered':
    case 'failed':
      return { status: 'undelivered', reason: /^\d{1,6}$/.test(errorCode) ? `twilio_${errorCode}` : 'twilio_failed' }
    default:
      return null
  }
}

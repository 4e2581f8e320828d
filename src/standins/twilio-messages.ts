// The shapes of Twilio's Messages API as the stand-in speaks them: resource, error body, which numbers it refuses, how it signs receipts.
import { createHmac, randomBytes } from 'node:crypto'

export type TwilioMessage = {
  sid: string
  accountSid: string
  to: string
  from: string | null
  messagingServiceSid: string | null
  body: string
  status: 'queued' | 'sent' | 'delivered' | 'undelivered'
  errorCode: number | null
  createdAt: Date
}

export type TwilioFault = { status: number; code: number; message: string; retryAfterSeconds?: number }

// Twilio's own magic numbers for tests, with the faults that it documents for them.
const magicNumbers: Readonly<Record<string, readonly [code: number, message: string]>> = {
  '+15005550001': [21211, "The 'To' number +15005550001 is not a valid phone number."],
  '+15005550002': [21612, "The message From/To pair violates a gateway: 'To' cannot be routed."],
  '+15005550003': [21408, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number."],
  '+15005550004': [21610, 'Attempt to send to unsubscribed recipient'],
  '+15005550009': [21614, "'To' number is not a valid mobile number"],
}

/** The fault with which Twilio answers such a message; null when it would accept it. */
export function findFault(form: URLSearchParams): TwilioFault | null {
  const to = form.get('To') ?? ''
  const refuse = (code: number, message: string): TwilioFault => ({ status: 400, code, message })
  if (!to) return refuse(21604, "A 'To' phone number is required.")
  if (!/^\+[1-9]\d{6,14}$/.test(to)) return refuse(21211, `The 'To' number ${to} is not a valid phone number.`)
  if (!form.get('From') && !form.get('MessagingServiceSid')) return refuse(21603, "A 'From' phone number is required.")
  if (!form.get('Body')) return refuse(21602, 'Message body is required.')
  if ([...(form.get('Body') ?? '')].length > 1_600) return refuse(21617, 'The concatenated message body exceeds the 1600 character limit')
  const magic = magicNumbers[to]
  return magic ? refuse(...magic) : null
}

/** A new message, accepted and queued. */
export function createMessage(accountSid: string, form: URLSearchParams): TwilioMessage {
  return {
    sid: `SM${randomBytes(16).toString('hex')}`,
    accountSid,
    to: form.get('To') ?? '',
    from: form.get('From'),
    messagingServiceSid: form.get('MessagingServiceSid'),
    body: form.get('Body') ?? '',
    status: 'queued',
    errorCode: null,
    createdAt: new Date(),
  }
}

/** The resource as Twilio prints it. */
export function messageResource(message: TwilioMessage): Record<string, unknown> {
  const created = message.createdAt.toUTCString().replace('GMT', '+0000')
  const uri = `/2010-04-01/Accounts/${message.accountSid}/Messages/${message.sid}`
  return {
    account_sid: message.accountSid,
    api_version: '2010-04-01',
    body: message.body,
    date_created: created,
    date_sent: message.status === 'queued' ? null : created,
    date_updated: created,
    direction: 'outbound-api',
    error_code: message.errorCode,
    error_message: null,
    from: message.from,
    messaging_service_sid: message.messagingServiceSid,
    num_media: '0',
    num_segments: message.messagingServiceSid ? '0' : '1',
    price: null,
    price_unit: 'USD',
    sid: message.sid,
    status: message.status,
    subresource_uris: { media: `${uri}/Media.json` },
    to: message.to,
    uri: `${uri}.json`,
  }
}

/** The body of an error answer. */
export function faultBody({ status, code, message }: TwilioFault): Record<string, unknown> {
  return { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status }
}

/** The form of a status callback. */
export function statusForm(message: TwilioMessage): URLSearchParams {
  return new URLSearchParams({
    AccountSid: message.accountSid,
    ApiVersion: '2010-04-01',
    From: message.from ?? '',
    MessageSid: message.sid,
    MessageStatus: message.status,
    SmsSid: message.sid,
    SmsStatus: message.status,
    To: message.to,
    ...(message.messagingServiceSid ? { MessagingServiceSid: message.messagingServiceSid } : {}),
    ...(message.errorCode ? { ErrorCode: String(message.errorCode) } : {}),
  })
}

/** X-Twilio-Signature: base64 HMAC-SHA-1, under the account's token, of the URL and then each name and value in the order of names. */
export function signForm(authToken: string, url: string, form: URLSearchParams): string {
  const names = [...form.keys()].sort()
  const signed = url + names.map((name) => name + (form.get(name) ?? '')).join('')
  return createHmac('sha1', authToken).update(signed, 'utf8').digest('base64')
}

// Checks who signed a receipt: Twilio's own scheme and Standard Webhooks. Pure: secrets and times are handed over.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { MINUTE_MS } from '../lib/durations.ts'

const toleranceMs = 5 * MINUTE_MS

/**
 * Whether `signature` is Twilio's for this form: base64 HMAC-SHA-1 over the address and the sorted fields. Twilio has signed addresses with
 * and without their port, so both are tried.
 */
export function isTwilioSignature(options: { authToken: string; signature: string; url: string; fields: URLSearchParams }): boolean {
  const names = [...new Set(options.fields.keys())].toSorted()
  const signedFields = names.flatMap((name) => [...new Set(options.fields.getAll(name))].toSorted().map((value) => name + value)).join('')
  return urlsWithAndWithoutPort(options.url).some((url) =>
    isEqual(
      createHmac('sha1', options.authToken)
        .update(url + signedFields)
        .digest('base64'),
      options.signature,
    ),
  )
}

function urlsWithAndWithoutPort(text: string): string[] {
  const authority = /^(https?):\/\/([^/?#]+)/i.exec(text)
  const [start, scheme, host] = [authority?.[0], authority?.[1], authority?.[2]]
  if (start === undefined || scheme === undefined || host === undefined) return []
  const rest = text.slice(start.length)
  const bareHost = host.replace(/:\d+$/, '')
  const port = /:(\d+)$/.exec(host)?.[1] ?? (scheme.toLowerCase() === 'https' ? '443' : '80')
  return [`${scheme}://${bareHost}:${port}${rest}`, `${scheme}://${bareHost}${rest}`]
}

export type SignedWebhook = { id: string; timestamp: string; signatures: string; body: Buffer }

/**
 * Whether a webhook was signed by this `whsec_…` secret (Standard Webhooks 1.0, symmetric) at most five minutes from now. Any one of the
 * space-separated `v1,…` signatures may match, so that secrets can be changed.
 */
export function isWebhookSignature(secret: string, webhook: SignedWebhook, nowMs: number): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const isTimely = /^\d{1,12}$/.test(webhook.timestamp) && Math.abs(nowMs - Number(webhook.timestamp) * 1_000) <= toleranceMs
  if (!isTimely || key.length === 0 || webhook.id === '') return false
  const expected = createHmac('sha256', key).update(`${webhook.id}.${webhook.timestamp}.`).update(webhook.body).digest('base64')
  return webhook.signatures.split(' ').some((signature) => isEqual(`v1,${expected}`, signature))
}

function isEqual(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}

// Whether a callback is Twilio's: the vendor's own check. Reading the callback is left to the API.
import { createRequire } from 'node:module'
import type { validateRequest } from 'twilio'
import type { Secret } from '../../lib/secret.ts'

const require = createRequire(import.meta.url)

/**
 * True if `signature` (X-Twilio-Signature) is that of a form posted to exactly `url`, compared in constant time. `url` is the public
 * address with its query, as Twilio was told it. Never throws.
 */
export function validateTwilioSignature(
  authToken: Secret,
  url: string,
  params: Record<string, unknown>,
  signature: string | undefined,
): boolean {
  if (signature === undefined || !URL.canParse(url)) return false
  // This part of the vendor's package alone: all of it would cost the API 33 MB. Loaded at the first callback.
  const vendor = require('twilio/lib/webhooks/webhooks') as { validateRequest: typeof validateRequest }
  return vendor.validateRequest(authToken.reveal(), signature, url, params)
}

// The one table of error codes. REST, GraphQL, realtime and the workers read it; none has a table of its own.

type ErrorRow = { status: number; title: string; retryable: boolean }

const table = {
  invalid_request: { status: 400, title: 'The request is not valid.', retryable: false },
  token_invalid: { status: 400, title: 'This link is not valid.', retryable: false },
  unauthenticated: { status: 401, title: 'This needs a valid credential.', retryable: false },
  forbidden: { status: 403, title: 'This is not allowed.', retryable: false },
  country_not_allowed: { status: 403, title: 'Numbers of this country are not served.', retryable: false },
  binding_mismatch: { status: 403, title: 'Only the browser that started this may finish it.', retryable: false },
  signature_invalid: { status: 403, title: 'The signature does not match.', retryable: false },
  not_found: { status: 404, title: 'There is nothing here.', retryable: false },
  verification_not_found: { status: 404, title: 'There is no such verification.', retryable: false },
  method_not_allowed: { status: 405, title: 'This address does not take that method.', retryable: false },
  already_approved: { status: 409, title: 'This verification is already approved.', retryable: false },
  proof_used: { status: 409, title: 'This proof was used before.', retryable: false },
  idempotency_key_in_progress: { status: 409, title: 'A request with this key is still running.', retryable: true },
  verification_expired: { status: 410, title: 'This verification has expired.', retryable: false },
  verification_canceled: { status: 410, title: 'This verification was canceled.', retryable: false },
  verification_failed: { status: 410, title: 'No message of this verification got through.', retryable: false },
  token_used: { status: 410, title: 'This link was used before.', retryable: false },
  token_expired: { status: 410, title: 'This link has expired.', retryable: false },
  proof_expired: { status: 410, title: 'This proof has expired.', retryable: false },
  too_large: { status: 413, title: 'The body is too large.', retryable: false },
  unsupported_media_type: { status: 415, title: 'Send application/json.', retryable: false },
  incorrect_code: { status: 422, title: 'The code is not correct.', retryable: true },
  channel_disabled: { status: 422, title: 'This channel is not available.', retryable: false },
  idempotency_key_reused: { status: 422, title: 'This key was used for another request.', retryable: false },
  max_attempts_reached: { status: 429, title: 'Too many wrong codes.', retryable: false },
  cooldown_active: { status: 429, title: 'The next message can be sent a little later.', retryable: true },
  max_sends_reached: { status: 429, title: 'No further message can be sent for this verification.', retryable: false },
  rate_limited: { status: 429, title: 'Too many requests.', retryable: true },
  internal: { status: 500, title: 'Something went wrong on our side.', retryable: true },
  service_degraded: { status: 503, title: 'A part of the service is away. Try again shortly.', retryable: true },
  not_replicated: { status: 503, title: 'No replica confirmed in time. Try again shortly.', retryable: true },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof table

export const errorCodes = Object.keys(table) as ErrorCode[]

/** What a code means to a client: HTTP status, public sentence, whether the same request may succeed later. */
export function errorRow(code: ErrorCode): ErrorRow {
  return table[code]
}

/** One fault in a request: a JSON pointer (RFC 6901) to the field and a sentence. */
export type FieldFault = { pointer: string; message: string }

/** Facts that a problem document shows besides its code. `retryAfterMs` is a wait, `limit` the rule that refused. */
export type ErrorDetails = {
  detail?: string
  retryAfterMs?: number
  attemptsRemaining?: number
  faults?: readonly FieldFault[]
  limit?: { name: string; limit: number; windowMs: number }
}

/** An error that a client is meant to see. Anything else that is thrown is a bug and answers `internal`. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(details.detail ?? table[code].title, options)
    this.name = 'AppError'
    this.code = code
    this.details = details
  }
}

/** A request that is wrong in one named field. */
export function invalidField(pointer: string, message: string): AppError {
  return new AppError('invalid_request', { detail: message, faults: [{ pointer, message }] })
}

/** Thrown by a processor: nothing was accepted, the job is to run again after `waitMs`. `reason` is a short code without data. */
export class RetryLater extends Error {
  readonly waitMs: number

  constructor(reason: string, waitMs: number) {
    super(reason)
    this.name = 'RetryLater'
    this.waitMs = waitMs
  }
}

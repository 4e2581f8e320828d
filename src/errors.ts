// The one table of error codes. REST, GraphQL, realtime and the workers read it; none has a table of its own.

/** `detail` is the sentence for people where an occurrence has none of its own. */
type ErrorRow = { status: number; title: string; detail?: string; retryable: boolean }

const table = {
  invalid_request: { status: 400, title: 'The request is not valid.', retryable: false },
  token_invalid: { status: 400, title: 'This link is not valid.', retryable: false },
  unauthenticated: {
    status: 401,
    title: 'This needs a valid credential.',
    detail: 'Send Authorization: Bearer with a token or an API key that is valid now.',
    retryable: false,
  },
  forbidden: { status: 403, title: 'This is not allowed.', retryable: false },
  country_not_allowed: { status: 403, title: 'Numbers of this country are not served.', retryable: false },
  assurance_required: { status: 403, title: 'This needs a session that was raised by a second proof lately.', retryable: false },
  proof_not_accepted: { status: 403, title: 'This proof does not name the user of this session.', retryable: false },
  binding_mismatch: { status: 403, title: 'Only the browser that started this may finish it.', retryable: false },
  upload_not_appendable: { status: 403, title: 'This upload takes no bytes of its own.', retryable: false },
  signature_invalid: { status: 403, title: 'The signature does not match.', retryable: false },
  not_found: {
    status: 404,
    title: 'There is nothing here.',
    detail: 'No resource has this address, or it is not yours to see.',
    retryable: false,
  },
  verification_not_found: { status: 404, title: 'There is no such verification.', retryable: false },
  upload_not_found: { status: 404, title: 'There is no such upload.', retryable: false },
  check_not_found: { status: 404, title: 'There is no such compliance check.', retryable: false },
  document_not_found: { status: 404, title: 'There is no such document.', retryable: false },
  envelope_not_found: { status: 404, title: 'There is no such envelope.', retryable: false },
  method_not_allowed: {
    status: 405,
    title: 'This address does not take that method.',
    detail: 'The Allow header names those that it takes.',
    retryable: false,
  },
  not_acceptable: { status: 406, title: 'There is no answer of the type that was asked for.', retryable: false },
  request_timeout: { status: 408, title: 'The request took too long to arrive.', retryable: true },
  already_approved: { status: 409, title: 'This verification is already approved.', retryable: false },
  offset_conflict: { status: 409, title: 'The upload goes on at another offset.', retryable: true },
  upload_incomplete: { status: 409, title: 'This upload is not whole yet.', retryable: true },
  envelope_not_sealed: { status: 409, title: 'This envelope has no sealed copy yet.', retryable: true },
  evidence_not_ready: { status: 409, title: 'There is no evidence to give yet.', retryable: true },
  check_not_ready: { status: 409, title: 'This check is not final yet.', retryable: true },
  document_not_ready: { status: 409, title: 'This document has nothing of the kind to show.', retryable: true },
  upload_completed: { status: 409, title: 'This upload has all its bytes already.', retryable: false },
  not_updatable: { status: 409, title: 'This cannot be changed any more.', retryable: false },
  operation_type_mismatch: { status: 409, title: 'This is for an operation of another type.', retryable: false },
  version_conflict: { status: 409, title: 'This was changed in the meantime.', retryable: false },
  proof_used: { status: 409, title: 'This proof was used before.', retryable: false },
  flow_completed: { status: 409, title: 'This flow was completed before.', retryable: false },
  retention_shorter: { status: 409, title: 'Only an admin may shorten how long this is kept.', retryable: false },
  step_not_open: { status: 409, title: 'An earlier step comes first.', retryable: false },
  delivery_pending: { status: 409, title: 'This delivery is not over yet.', retryable: true },
  endpoint_disabled: { status: 409, title: 'This endpoint is disabled.', retryable: false },
  idempotency_key_in_progress: { status: 409, title: 'A request with this key is still running.', retryable: true },
  verification_expired: { status: 410, title: 'This verification has expired.', retryable: false },
  verification_canceled: { status: 410, title: 'This verification was canceled.', retryable: false },
  verification_failed: { status: 410, title: 'No message of this verification got through.', retryable: false },
  token_used: { status: 410, title: 'This link was used before.', retryable: false },
  token_expired: { status: 410, title: 'This link has expired.', retryable: false },
  upload_expired: { status: 410, title: 'This upload has ended.', retryable: false },
  envelope_purged: { status: 410, title: 'The time of this envelope is over, and what was kept of it was removed.', retryable: false },
  protocol_version: { status: 412, title: 'This version of tus is not spoken here.', retryable: false },
  flow_expired: { status: 410, title: 'This can no longer be continued. Start again.', retryable: false },
  proof_expired: { status: 410, title: 'This proof has expired.', retryable: false },
  too_large: { status: 413, title: 'The body is too large.', retryable: false },
  expectation_failed: { status: 417, title: 'Only Expect: 100-continue is understood.', retryable: false },
  headers_too_large: { status: 431, title: 'The headers are too large.', retryable: false },
  unsupported_media_type: { status: 415, title: 'Send application/json.', retryable: false },
  range_not_satisfiable: { status: 416, title: 'The file has no such range.', retryable: false },
  incorrect_code: { status: 422, title: 'The code is not correct.', retryable: false },
  step_invalid: { status: 422, title: 'A step is not valid yet.', retryable: false },
  upload_locked: { status: 423, title: 'Somebody else is writing to this upload.', retryable: true },
  document_unsuitable: { status: 422, title: 'This document cannot be sent for signing.', retryable: false },
  channel_disabled: { status: 422, title: 'This channel is not available.', retryable: false },
  idempotency_key_reused: { status: 422, title: 'This key was used for another request.', retryable: false },
  max_attempts_reached: { status: 429, title: 'Too many wrong codes.', retryable: false },
  cooldown_active: { status: 429, title: 'The next message can be sent a little later.', retryable: true },
  max_sends_reached: { status: 429, title: 'No further message can be sent for this verification.', retryable: false },
  rate_limited: { status: 429, title: 'Too many requests.', retryable: true },
  too_many_uploads: { status: 429, title: 'Too many uploads are open.', retryable: true },
  checksum_mismatch: { status: 460, title: 'The bytes are not those that the checksum is of.', retryable: true },
  internal: {
    status: 500,
    title: 'Something went wrong on our side.',
    detail: 'It was logged; `instance` names this request.',
    retryable: true,
  },
  service_degraded: { status: 503, title: 'A part of the service is away. Try again shortly.', retryable: true },
  sealing_unavailable: { status: 503, title: 'Nothing can be sealed now.', retryable: true },
  not_replicated: { status: 503, title: 'No replica confirmed in time. Try again shortly.', retryable: true },
  insufficient_storage: { status: 507, title: 'There is no room for this upload now.', retryable: true },
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
  /** What was sent and what is there, when they do not go together; `version` is the one to change next. */
  conflict?: { version: number; yours?: unknown; theirs?: unknown }
  /** The numbers of the steps that are not valid. */
  steps?: readonly number[]
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

/** Thrown by a processor: nothing was accepted, the job is to run again after `waitMs`. `reason` is a short code without data, `cause` what only the log shows. */
export class RetryLater extends Error {
  readonly waitMs: number

  constructor(reason: string, waitMs: number, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'RetryLater'
    this.waitMs = waitMs
  }
}

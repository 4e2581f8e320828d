// Turns an error into its problem document (RFC 9457) and headers. The table of codes is src/errors.ts.
import type { Response } from 'express'
import type { Problem } from '../contracts/problem.ts'
import { AppError, errorRow, type ErrorCode, type ErrorDetails } from '../errors.ts'

/** The document for an error; `instance` is the request id. */
export function toProblem(error: AppError, requestId: string): Problem {
  const { code, details } = error
  const row = errorRow(code)
  const retryAfter = retryAfterSeconds(details)
  return {
    type: `urn:sallyport:problem:${code}`,
    title: row.title,
    status: row.status,
    detail: details.detail ?? detailOf(row.title, details) ?? row.detail ?? row.title,
    instance: requestId,
    code,
    retryable: row.retryable,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(details.attemptsRemaining === undefined ? {} : { attemptsRemaining: details.attemptsRemaining }),
    ...(details.faults === undefined ? {} : { errors: [...details.faults] }),
    ...(details.conflict === undefined ? {} : { conflict: details.conflict }),
    ...(details.steps === undefined ? {} : { steps: [...details.steps] }),
  }
}

/** What the facts of an error say as a sentence; undefined when they say nothing. */
function detailOf(title: string, { faults, attemptsRemaining }: ErrorDetails): string | undefined {
  const [fault] = faults ?? []
  if (fault) return `${fault.pointer === '' ? 'The body' : fault.pointer} ${fault.message}${fault.message.endsWith('.') ? '' : '.'}`
  return attemptsRemaining === undefined ? undefined : `${title} Attempts remaining: ${attemptsRemaining}.`
}

/** Sends the document with what HTTP says beside it: Retry-After, RateLimit fields, WWW-Authenticate. */
export function sendProblem(res: Response, error: AppError, requestId: string): void {
  setProblemHeaders(res, error)
  res.status(errorRow(error.code).status)
  // Not res.type(): the media type has no charset parameter.
  res.setHeader('Content-Type', 'application/problem+json')
  res.end(JSON.stringify(toProblem(error, requestId)))
}

export function setProblemHeaders(res: Response, error: AppError): void {
  const { code, details } = error
  const retryAfter = retryAfterSeconds(details)
  if (code === 'unauthenticated') res.setHeader('WWW-Authenticate', 'Bearer')
  if (retryAfter !== undefined) res.setHeader('Retry-After', String(retryAfter))
  if (details.limit) {
    const name = JSON.stringify(details.limit.name)
    res.setHeader('RateLimit', `${name};r=0;t=${retryAfter ?? 0}`)
    res.setHeader('RateLimit-Policy', `${name};q=${details.limit.limit};w=${Math.ceil(details.limit.windowMs / 1_000)}`)
  }
}

/** Whole seconds, rounded up, so that a client that waits exactly so long is not refused again. */
function retryAfterSeconds({ retryAfterMs }: ErrorDetails): number | undefined {
  return retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(retryAfterMs / 1_000))
}

const codeOfStatus: Readonly<Record<number, ErrorCode>> = { 400: 'invalid_request', 413: 'too_large', 415: 'unsupported_media_type' }

/** Whatever was thrown, as an error that a client may see. Errors of Express and its body reader carry a status; others are bugs. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  const status = thrown instanceof Error && 'status' in thrown && typeof thrown.status === 'number' ? thrown.status : 500
  const code = codeOfStatus[status]
  if (code === 'invalid_request') return new AppError(code, { faults: [{ pointer: '', message: 'could not be read' }] }, { cause: thrown })
  return new AppError(code ?? 'internal', {}, { cause: thrown })
}

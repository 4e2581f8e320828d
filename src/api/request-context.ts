// The headers that steer a request: idempotency key, preferences, conditions.
import type { Request } from 'express'
import type { RequestContext } from '../domain/context.ts'
import { AppError } from '../errors.ts'
import { SECOND_MS } from '../lib/durations.ts'
import type { Call } from './route.ts'

const maxWaitSeconds = 30

/** What the domain needs of a request besides its body. Throws `invalid_request` for an idempotency key that is none. */
export function contextOf({ req, requestId }: Pick<Call, 'req' | 'requestId'>): RequestContext {
  const key = req.headers['idempotency-key']
  if (key === undefined) return { requestId }
  if (typeof key === 'string' && /^[ -~]{1,255}$/.test(key)) return { requestId, idempotencyKey: key }
  throw new AppError('invalid_request', { detail: 'Idempotency-Key must have 1 to 255 printable ASCII characters.' })
}

/** The wait that `Prefer: wait=N` asks for, in milliseconds, 30 s at most; 0 when it asks for none. */
export function preferredWaitMs(req: Request): number {
  const seconds = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})/i.exec(String(req.headers.prefer ?? ''))?.[1]
  return Math.min(Number(seconds ?? 0), maxWaitSeconds) * SECOND_MS
}

/** The sequence that the client has seen, from `If-None-Match: "7"`; null when it names none. */
export function seenSequence(req: Request): number | null {
  const tags = [...(req.headers['if-none-match'] ?? '').matchAll(/(?:^|,)\s*(?:W\/)?"(\d{1,15})"/g)].map((match) => Number(match[1]))
  return tags.length === 0 ? null : Math.max(...tags)
}

/** Whether `If-None-Match` names this tag (with its quotes), be it as a weak one. Not Express's answer, which is no to whatever `fetch` sends. */
export function hasSeen(req: Request, etag: string): boolean {
  return (req.headers['if-none-match'] ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}

/** Aborts when the client goes away before its answer, or when `stopping` does: the process is to end. */
export function abortedWith({ res }: Pick<Call, 'res'>, stopping: AbortSignal): AbortSignal {
  const controller = new AbortController()
  res.once('close', () => controller.abort())
  return AbortSignal.any([controller.signal, stopping])
}

/** One value of the query; empty when it is missing or given twice. */
export function queryText(req: Request, name: string): string {
  const value = req.query[name]
  return typeof value === 'string' ? value : ''
}

// What is known of a request besides itself: its id, the template of its route, what went wrong. Logs and problem documents read it.
import type { IncomingMessage } from 'node:http'
import type { Response } from 'express'
import type { AppError } from '../errors.ts'

/** `route` is the template (`/v/{token}`), never the path; `unmatched` until a route takes the request. `showError` is the page's own way to show an error. */
export type RequestFacts = { requestId: string; route: string; problem?: string; showError?: (res: Response, error: AppError) => void }

const facts = new WeakMap<IncomingMessage, RequestFacts>()

export function setFacts(req: IncomingMessage, value: RequestFacts): void {
  facts.set(req, value)
}

/** The facts of a request that passed the request-id middleware; an empty id for any other. */
export function factsOf(req: IncomingMessage): RequestFacts {
  return facts.get(req) ?? { requestId: '', route: 'unmatched' }
}

// Gives every request its id (the caller's own if it is a decent one), echoes it, and writes the one log line of a request.
import { randomBytes } from '../../lib/random.ts'
import type { RequestHandler } from 'express'
import type { Log } from '../../log.ts'
import { factsOf, setFacts } from '../request-facts.ts'

const requestIdShape = /^[A-Za-z0-9._-]{1,128}$/

/** The client went away before its answer was complete; the number is nginx's. */
const clientClosedRequest = 499

type Observe = (route: string, method: string, status: number, durationSeconds: number) => void

/** An id for a request that brought none. */
export function createRequestId(): string {
  return `req_${randomBytes(16).toString('base64url')}`
}

/** Must come first. The line has the route's template, never the path or the query, since those may hold tokens. */
export function requestId(log: Log, observe: Observe): RequestHandler {
  return (req, res, next) => {
    const given = req.headers['x-request-id']
    const id = typeof given === 'string' && requestIdShape.test(given) ? given : createRequestId()
    const startedAtMs = performance.now()
    setFacts(req, { requestId: id, route: 'unmatched' })
    res.setHeader('X-Request-Id', id)
    res.once('close', () => {
      const durationMs = performance.now() - startedAtMs
      const { route, problem } = factsOf(req)
      const status = res.writableFinished ? res.statusCode : clientClosedRequest
      observe(route, req.method, status, durationMs / 1_000)
      const isNoise = route === '/healthz' || route === '/readyz' || route === '/metrics'
      const level = status >= 500 ? 'warn' : isNoise ? 'debug' : 'info'
      log[level]({ requestId: id, method: req.method, route, status, durationMs: Math.round(durationMs * 10) / 10, problem }, 'request')
    })
    next()
  }
}

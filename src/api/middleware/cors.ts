// Lets the operator's frontends call the API from a browser. Pages that act by cookie (sign-in, links, board) are never shared.
import type { RequestHandler } from 'express'

const exposed =
  'Location, ETag, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotent-Replayed, Preference-Applied, WWW-Authenticate, Upload-Offset, Upload-Length, Upload-Defer-Length, Upload-Metadata, Upload-Expires, Upload-Concat, Tus-Version, Tus-Resumable, Tus-Max-Size, Tus-Extension, Tus-Checksum-Algorithm, Content-Disposition, Content-Range'
const allowedHeaders =
  'Authorization, Content-Type, Idempotency-Key, If-None-Match, Prefer, X-Request-Id, X-Requested-With, X-HTTP-Method-Override, Range, If-Range, Tus-Resumable, Upload-Offset, Upload-Length, Upload-Defer-Length, Upload-Metadata, Upload-Checksum, Upload-Concat'
const allowedMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE'
const preflightSeconds = '600'

const sharedPaths = /^\/(?:v1\/|\.well-known\/|openapi\.json$|healthz$|readyz$|dev\/outbox$)/
const localOrigin = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/

/** Answers preflights itself. `allowLocal` also lets any localhost origin in (development). */
export function cors(options: { origins: readonly string[]; allowLocal: boolean }): RequestHandler {
  const origins = new Set(options.origins.map((origin) => origin.replace(/\/+$/, '')))
  return (req, res, next) => {
    if (!sharedPaths.test(req.path)) return next()
    res.vary('Origin')
    const { origin } = req.headers
    const isAllowed = origin !== undefined && (origins.has(origin) || (options.allowLocal && localOrigin.test(origin)))
    if (isAllowed) {
      res.setHeader('Access-Control-Allow-Origin', origin)
      res.setHeader('Access-Control-Allow-Credentials', 'true')
      res.setHeader('Access-Control-Expose-Headers', exposed)
    }
    if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) return next()
    if (isAllowed) {
      res.setHeader('Access-Control-Allow-Methods', allowedMethods)
      res.setHeader('Access-Control-Allow-Headers', allowedHeaders)
      res.setHeader('Access-Control-Max-Age', preflightSeconds)
    }
    res.status(204).end()
  }
}

// The headers that every answer carries. Pages replace the content policy by their own.
import type { RequestHandler } from 'express'

const halfYearSeconds = 15_552_000

/** `publicUrl` decides about HSTS: it makes sense only where clients come by https. */
export function securityHeaders(publicUrl: string): RequestHandler {
  const headers: [string, string][] = [
    ['X-Content-Type-Options', 'nosniff'],
    ['X-Frame-Options', 'DENY'],
    ['Referrer-Policy', 'no-referrer'],
    ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
    ['Cross-Origin-Opener-Policy', 'same-origin'],
    ['Cache-Control', 'no-store'],
  ]
  if (publicUrl.startsWith('https:')) headers.push(['Strict-Transport-Security', `max-age=${halfYearSeconds}; includeSubDomains`])
  return (_req, res, next) => {
    for (const [name, value] of headers) res.setHeader(name, value)
    next()
  }
}

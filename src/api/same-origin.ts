// Protection of what acts by cookie or by form: the request must come from our own pages.
import type { Request } from 'express'
import { AppError } from '../errors.ts'

/**
 * Throws `forbidden` when the browser says that another site sent this. Sec-Fetch-Site is believed first, since pages with
 * `Referrer-Policy: no-referrer` send `Origin: null` with their own forms. A client that sends neither is no browser.
 */
export function requireSameOrigin(req: Request, publicUrl: string): void {
  const site = req.headers['sec-fetch-site']
  if (site !== undefined) {
    if (site === 'same-origin' || site === 'none') return
    throw new AppError('forbidden', { detail: 'This form was sent by another site.' })
  }
  const { origin } = req.headers
  if (origin === undefined || origin === 'null' || origin === new URL(publicUrl).origin) return
  if (URL.canParse(origin) && new URL(origin).host === req.headers.host) return
  throw new AppError('forbidden', { detail: 'This form was sent by another site.' })
}

// Refuses addresses that cannot be decoded, before any route looks at them.
import type { RequestHandler } from 'express'
import { AppError } from '../../errors.ts'

/** 400 for broken percent-encoding or bytes that are not UTF-8. */
export function readablePath(): RequestHandler {
  return (req, _res, next) => {
    if (!req.path.includes('%')) return next()
    try {
      decodeURIComponent(req.path)
    } catch {
      throw new AppError('invalid_request', { detail: 'The address is not valid percent-encoded UTF-8.' })
    }
    next()
  }
}

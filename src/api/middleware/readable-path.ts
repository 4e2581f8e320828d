// Refuses requests that no route could take, before any looks at them: undecodable addresses, no Host, expectations that nobody meets.
import type { RequestHandler } from 'express'
import { AppError } from '../../errors.ts'

/** 400 for broken percent-encoding, bytes that are not UTF-8, and HTTP/1.1 without a Host; 417 for any Expect but 100-continue. */
export function readablePath(): RequestHandler {
  return (req, _res, next) => {
    const { expect, host } = req.headers
    if (expect !== undefined && expect.toLowerCase() !== '100-continue') throw new AppError('expectation_failed')
    if (host === undefined && req.httpVersionMajor === 1 && req.httpVersionMinor === 1)
      throw new AppError('invalid_request', { detail: 'A request names its Host.' })
    if (!req.path.includes('%')) return next()
    try {
      decodeURIComponent(req.path)
    } catch {
      throw new AppError('invalid_request', { detail: 'The address is not valid percent-encoded UTF-8.' })
    }
    next()
  }
}

// Bounds how long a request's body may take to arrive. Bodies of uploads are bounded in silence instead (src/api/tus/body.ts), so the server itself has no bound.
import type { Request, RequestHandler, Response } from 'express'
import { AppError } from '../../errors.ts'
import { MINUTE_MS } from '../../lib/durations.ts'
import { sendProblem } from '../problem.ts'
import { factsOf } from '../request-facts.ts'

const uploads = /^\/v1\/uploads(?:\/|$)/

/** Answers 408 and ends the connection of a request whose body is not there after two minutes. */
export function bodyDeadline(deadlineMs = 2 * MINUTE_MS): RequestHandler {
  return (req, res, next) => {
    if (req.complete || uploads.test(req.path)) return next()
    const timer = setTimeout(() => {
      if (!req.complete) giveUp(req, res)
    }, deadlineMs)
    const stop = () => clearTimeout(timer)
    req.once('end', stop)
    res.once('close', stop)
    next()
  }
}

function giveUp(req: Request, res: Response): void {
  if (res.headersSent) return void req.destroy()
  const facts = factsOf(req)
  facts.problem = 'request_timeout'
  res.setHeader('Connection', 'close')
  res.once('finish', () => req.destroy())
  sendProblem(res, new AppError('request_timeout'), facts.requestId)
}

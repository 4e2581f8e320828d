// The end of every request that went wrong: nothing matched, or something was thrown.
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { AppError, errorRow } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { sendProblem, toAppError } from '../problem.ts'
import { factsOf } from '../request-facts.ts'

/** 404 for an address that no route knows. */
export function notFound(): RequestHandler {
  return () => {
    throw new AppError('not_found')
  }
}

/** Sends the problem document. What is not an AppError is a bug or a broken client; the former is logged with its frames. */
export function problems(log: Log): ErrorRequestHandler {
  return (thrown: unknown, req, res, _next) => {
    const error = toAppError(thrown)
    const facts = factsOf(req)
    facts.problem = error.code
    if (errorRow(error.code).status >= 500)
      log.error({ requestId: facts.requestId, route: facts.route, problem: error.code, err: error.cause ?? thrown }, 'request failed')
    if (res.headersSent) {
      res.destroy()
      return
    }
    if (facts.showError) facts.showError(res, error)
    else sendProblem(res, error, facts.requestId)
  }
}

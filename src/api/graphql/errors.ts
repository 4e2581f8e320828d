// Errors of resolvers as GraphQL spells them: the message for people, code and facts under `extensions`, from the same table as REST.
import { GraphQLError } from 'graphql'
import type { AppError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { toAppError, toProblem } from '../problem.ts'
import { withoutValues } from './messages.ts'

/** What a client gets of an error. What is no error of the table is a bug: it is logged, and shown as `internal`. */
export function toGraphqlError(error: unknown, requestId: string, log: Log): GraphQLError {
  const thrown = causeOf(error)
  // A fault of the document or of a value's shape, found by GraphQL itself.
  if (error instanceof GraphQLError && thrown instanceof GraphQLError) return withCode(error, requestId)
  const appError = toAppError(thrown)
  const { title, detail, type: _type, status, ...facts } = toProblem(appError, requestId)
  if (status >= 500) log.error({ requestId, route: '/graphql', problem: appError.code, err: appError.cause ?? thrown }, 'request failed')
  const place = error instanceof GraphQLError ? { nodes: error.nodes, path: error.path } : {}
  return new GraphQLError(detail ?? title, { ...place, extensions: { ...facts, status } })
}

/** The error of a request that is refused before its document is looked at. */
export function toRequestError(error: AppError): GraphQLError {
  const { detail, title, errors, status } = toProblem(error, '')
  return new GraphQLError(detail ?? title, { extensions: { errors, http: { status } } })
}

function causeOf(error: unknown): unknown {
  let cause = error
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError
  return cause
}

/** A document that could not be run. Its HTTP status, if it says one, stays; what the reader of the body said of it goes. */
function withCode(error: GraphQLError, instance: string): GraphQLError {
  const { extensions, nodes, source, positions, path } = error
  const { originalError: quoteOfBody, ...kept } = extensions
  // A body that is no JSON at all is no request: 400 in either media type.
  const http = quoteOfBody === undefined ? {} : { http: { status: 400 } }
  const facts = { ...kept, ...http, code: 'invalid_request', retryable: false, instance }
  return new GraphQLError(withoutValues(error.message), { nodes, source, positions, path, extensions: facts })
}

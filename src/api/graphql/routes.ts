// GraphQL over HTTP at /graphql: credential and limit as everywhere, then Yoga; in development a page for people who open it with a browser.
import { pipeline } from 'node:stream/promises'
import type { Request as ExpressRequest } from 'express'
import { parse } from 'graphql'
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga'
import { admit } from '../../domain/pending-operations/admission.ts'
import { AppError } from '../../errors.ts'
import { MINUTE_MS } from '../../lib/durations.ts'
import { readRawBody } from '../body.ts'
import { credentialOf, isAdmin, nameCaller } from '../caller.ts'
import type { ApiDeps } from '../deps.ts'
import { revokedSignal } from '../revoked-signal.ts'
import { abortedWith, contextOf } from '../request-context.ts'
import type { Call, Route } from '../route.ts'
import { refuseHostileShape } from '../validate.ts'
import { toGraphqlError, toRequestError } from './errors.ts'
import { limitRule, literalRule, maxTokens } from './limits.ts'
import { sendGraphqlPage } from './page.ts'
import { createGraphqlSchema, type GraphqlContext } from './schema.ts'

/** A subscription is asked for anew after this long, with whatever credential is good by then. */
const longestStreamMs = 30 * MINUTE_MS

const answerTypes = ['application/graphql-response+json', 'application/json', 'text/event-stream', 'multipart/mixed']

type Yoga = YogaServerInstance<GraphqlContext, object>

/** The routes of `/graphql`; a program without a credential gets the same problem document as anywhere. */
export function graphqlRoutes(deps: ApiDeps): Route[] {
  let yoga: Yoga | undefined
  const shared = { path: '/graphql', access: 'open', limit: 'none' } as const
  const serve = (call: Call): Promise<void> => run((yoga ??= createServer(deps)), deps, call)
  return [
    {
      ...shared,
      method: 'get',
      handle: (call) => {
        if (deps.config.NODE_ENV === 'production' || !wantsPage(call.req)) return serve(call)
        sendGraphqlPage(call.res, deps.config.BRAND_NAME)
      },
    },
    { ...shared, method: 'post', reads: 'raw', handle: serve },
  ]
}

function wantsPage(req: ExpressRequest): boolean {
  return req.query['query'] === undefined && (req.headers.accept ?? '').includes('text/html')
}

function createServer({ log }: Pick<ApiDeps, 'log'>): Yoga {
  return createYoga<GraphqlContext>({
    schema: createGraphqlSchema(),
    graphqlEndpoint: '/graphql',
    graphiql: false,
    landingPage: false,
    cors: false,
    logging: false,
    multipart: false,
    // Node's own, so that bodies are streams as Node knows them.
    fetchAPI: { Request, Response, Headers, ReadableStream, TransformStream, TextEncoder, TextDecoder, URL, URLSearchParams },
    // Rules differ from one request to the next.
    parserAndValidationCache: false,
    // Every error is put into our own words by `bounds`.
    maskedErrors: false,
    plugins: [bounds(log)],
  })
}

/** Bounds every document, and names the request in every error. */
function bounds(log: ApiDeps['log']): Plugin<GraphqlContext> {
  return {
    onParse: ({ setParseFn }) => setParseFn((source: string) => parse(source, { maxTokens })),
    onParams: ({ params }) => refuseHostileVariables(params),
    onValidate: ({ addValidationRule, context }) => {
      addValidationRule(limitRule((context as GraphqlContext).mayIntrospect))
      addValidationRule(literalRule)
    },
    onResultProcess: ({ result, serverContext, setResult }) => {
      if (Array.isArray(result) || Symbol.asyncIterator in result || !result.errors) return
      const { requestId } = (serverContext as unknown as GraphqlContext).requestContext
      setResult({ ...result, errors: result.errors.map((error) => toGraphqlError(error, requestId, log)) })
    },
  }
}

/** The problem where Yoga answers by a status alone. */
function statusError(status: 406 | 415): AppError {
  if (status === 415) return new AppError('unsupported_media_type')
  return new AppError('not_acceptable', { detail: `There is ${answerTypes.slice(0, 3).join(', ')}.` })
}

/** Before GraphQL copies them: what a copy would lose could not be refused after it. */
function refuseHostileVariables(params: { variables?: unknown } | null | undefined): void {
  try {
    refuseHostileShape({ variables: params?.variables })
  } catch (error) {
    throw error instanceof AppError ? toRequestError(error) : error
  }
}

async function run(yoga: Yoga, deps: ApiDeps, call: Call): Promise<void> {
  const { req, res } = call
  const caller = await nameCaller(deps, req, 'credential', 'pending_operations')
  await admit(deps, caller, 'request')
  // Yoga would find out after the work was done.
  if (req.headers.accept !== undefined && req.accepts(answerTypes) === false) throw statusError(406)
  const over = AbortSignal.any([abortedWith(call, deps.stopping), AbortSignal.timeout(longestStreamMs)])
  // A stream must not outlive the credential by which it was opened.
  const closed = AbortSignal.any([over, revokedSignal(deps, caller, credentialOf(req), over)])
  const mayIntrospect = deps.config.NODE_ENV !== 'production' || isAdmin(caller)
  const context: GraphqlContext = { deps, caller, requestContext: contextOf(call), closed, mayIntrospect, changes: 0 }
  const response = await yoga.fetch(await toWebRequest(call, closed), context)
  if (response.status === 406 || response.status === 415) throw statusError(response.status)
  res.status(response.status)
  for (const [name, value] of response.headers) res.setHeader(name, value)
  if (!response.body) return void res.end()
  res.flushHeaders()
  try {
    await pipeline(response.body, res)
  } catch (error) {
    // A client that leaves its stream is no fault of anybody's.
    if (!closed.aborted) throw error
  }
}

/** The body is read by us, so that its limit is the same as everywhere. */
async function toWebRequest({ req, res }: Call, signal: AbortSignal): Promise<Request> {
  const headers = new Headers()
  for (const name of ['accept', 'content-type']) {
    const value = req.headers[name]
    if (typeof value === 'string') headers.set(name, value)
  }
  const body = req.method === 'POST' ? await readRawBody(req, res) : undefined
  return new Request(new URL(req.originalUrl, 'http://localhost'), {
    method: req.method,
    headers,
    signal,
    ...(body ? { body: new Uint8Array(body) } : {}),
  })
}

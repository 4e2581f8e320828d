// What a route is: one record from which the router, the generated document and the allowed methods all follow.
import type { Request, Response } from 'express'
import type { z } from 'zod'
import type { ApiKeyScope } from '../contracts/api-key.ts'
import type { Assurance } from '../contracts/session.ts'
import type { Caller } from '../domain/caller.ts'
import type { AppError, ErrorCode } from '../errors.ts'
import type { Access } from './caller.ts'
import { validate } from './validate.ts'

/** One request on its way through a route. */
export type Call = { req: Request; res: Response; caller: Caller; requestId: string }

/** An answer that the document describes. `schema` is left out for an empty or non-JSON body. */
export type Answer = { status: number; means: string; schema?: z.ZodType; type?: string; headers?: Readonly<Record<string, string>> }

/** What the generated document says of a route. `example` is a body for the reader to copy. */
export type Documentation = {
  id: string
  tag: string
  summary: string
  details?: string
  answers: readonly Answer[]
  problems: readonly ErrorCode[]
  example?: unknown
  parameters?: readonly { in: 'header' | 'query'; name: string; means: string; isRequired?: boolean }[]
}

/** How a JSON body is checked. */
type BodyOf<Schema extends z.ZodType> = { schema: Schema; isOptional?: boolean }

export type Route = {
  method: 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete' | 'options'
  /** As in OpenAPI: `/v1/verifications/{id}`. */
  path: string
  access: Access
  /** What an API key must be made for, where the route is no admin's; `verifications` if left out. */
  scope?: ApiKeyScope
  /** How sure a user's session must be, by a proof not long ago; `basic` if left out. */
  assurance?: Assurance
  /** `general` counts against the caller's requests a minute, `listing` against its listings as well; `domain`: the domain counts it in its own script; `none`. */
  limit: 'general' | 'listing' | 'domain' | 'none'
  body?: BodyOf<z.ZodType>
  /** The handler reads a body of this kind itself. A route that takes changes has this or `body`. */
  reads?: 'form' | 'raw'
  /** Left out for pages and whatever else the document does not list. */
  doc?: Documentation
  handle: (call: Call, body: unknown) => Promise<void> | void
  /** Pages show errors as pages; without this the answer is a problem document. */
  showError?: (res: Response, error: AppError) => void
}

type RouteWith<Schema extends z.ZodType> = Omit<Route, 'body' | 'handle'> & {
  body: BodyOf<Schema>
  handle: (call: Call, body: z.output<Schema>) => Promise<void> | void
}

/** A route whose JSON body is checked against its contract before the handler runs; an optional body left out counts as `{}`. */
export function routeWithBody<Schema extends z.ZodType>(route: RouteWith<Schema>): Route {
  const { schema, isOptional = false } = route.body
  return { ...route, handle: (call, body) => route.handle(call, validate(schema, isOptional && body === undefined ? {} : body)) }
}

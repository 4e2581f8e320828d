// What the GraphQL surface offers (contract §3). Each resolver translates and calls the same domain function as REST.
import { GraphQLScalarType, Kind, valueFromASTUntyped, type GraphQLSchema } from 'graphql'
import { createSchema } from 'graphql-yoga'
import {
  bulkOperationRequest,
  consumeOperationRequest,
  createOperationRequest,
  lookupOperationRequest,
  operationTypeFilter,
  updateOperationRequest,
  type PendingOperation,
} from '../../contracts/pending-operation.ts'
import type { Caller } from '../../domain/caller.ts'
import type { RequestContext } from '../../domain/context.ts'
import { admit, admitListing } from '../../domain/pending-operations/admission.ts'
import { actOnMany } from '../../domain/pending-operations/bulk.ts'
import { followOperations } from '../../domain/pending-operations/changes.ts'
import { runConsume } from '../../domain/pending-operations/consume.ts'
import { runCreate } from '../../domain/pending-operations/create.ts'
import { listOperations } from '../../domain/pending-operations/list.ts'
import { isOperationId } from '../../domain/pending-operations/operation.ts'
import { getOperation, readByToken } from '../../domain/pending-operations/read.ts'
import { tokenError } from '../../domain/pending-operations/refusals.ts'
import { patchOperation, updateOperation } from '../../domain/pending-operations/update.ts'
import { traceOf } from '../../domain/verification/access.ts'
import type { ApiDeps } from '../deps.ts'
import { readOperationFilter } from '../operation-filter.ts'
import { firstIfLeftOut, readPage } from '../page-query.ts'
import { validate } from '../validate.ts'

/** What a request brings to its resolvers. `closed` aborts when the client goes away or its credential counts no more. */
export type GraphqlContext = {
  deps: ApiDeps
  caller: Caller
  /** Not `request`: Yoga puts its own under that name. */
  requestContext: RequestContext
  closed: AbortSignal
  mayIntrospect: boolean
  /** How many changes the document has begun so far. */
  changes: number
}

/** The schema in its own language. */
export const typeDefs = /* GraphQL */ `
  "Any JSON object."
  scalar JSON
  "Seconds, or such as \\"90s\\", \\"30m\\", \\"24h\\", \\"7d\\"."
  scalar Lifetime

  enum OperationStatus {
    active
    "Under five minutes left."
    expiring_soon
    consumed
    expired
  }

  enum OperationBackend {
    redis
    jwt
    auto
  }

  "A pending operation as those may see it to whom it belongs: without secrets."
  type PendingOperation {
    "The operation's id. It opens nothing: the token that does is shown once, when the operation is created."
    token: String!
    operationType: String!
    recipient: String
    channel: String
    purpose: String
    createdAt: String!
    expiresAt: String!
    "Whole seconds left."
    expiresIn: Int!
    metadata: JSON
    status: OperationStatus!
    backend: OperationBackend!
    version: Int!
    "Without members that hold secrets; null once it was consumed or has expired."
    data: JSON
  }

  type PageInfo {
    hasNextPage: Boolean!
    endCursor: String
    hasPreviousPage: Boolean!
    startCursor: String
  }

  type PendingOperationConnection {
    nodes: [PendingOperation!]!
    totalCount: Int!
    pageInfo: PageInfo!
  }

  type CreatedPendingOperation {
    "Opens the operation. Shown once, here."
    token: String!
    id: ID!
    backend: OperationBackend!
    singleUse: Boolean!
    operationType: String!
    version: Int!
    createdAt: String!
    expiresAt: String!
    expiresIn: Int!
  }

  type ConsumedPendingOperation {
    id: ID!
    backend: OperationBackend!
    singleUse: Boolean!
    operationType: String!
    version: Int!
    "Everything, secrets included."
    data: JSON!
    recipient: String
    channel: String
    purpose: String
    metadata: JSON
    createdAt: String!
    expiresAt: String!
  }

  type DeletedPendingOperation {
    id: ID!
    result: String!
  }

  input CreatePendingOperationInput {
    operationType: String!
    data: JSON!
    backend: OperationBackend = redis
    expiresIn: Lifetime
    recipient: String
    channel: String
    purpose: String
    metadata: JSON
  }

  type Query {
    "One's own, newest first; admins see all."
    pendingOperations(
      operationType: String
      recipient: String
      status: OperationStatus
      q: String
      first: Int = ${firstIfLeftOut}
      after: String
    ): PendingOperationConnection!
    "By id or by token; consumes nothing."
    pendingOperation(token: String!, operationType: String): PendingOperation
  }

  type Mutation {
    createPendingOperation(input: CreatePendingOperationInput!): CreatedPendingOperation!
    "By id or by token; the data is merged as by RFC 7396."
    updatePendingOperation(token: String!, data: JSON!, version: Int): PendingOperation!
    "Of any number of calls one gets the data."
    consumePendingOperation(token: String!, operationType: String!): ConsumedPendingOperation!
    deletePendingOperations(ids: [ID!]!): [DeletedPendingOperation!]!
  }

  type Subscription {
    "Each change of an operation that the caller may see, as the operation is by then."
    pendingOperationChanged(operationType: String): PendingOperation!
  }
`

const json = new GraphQLScalarType({
  name: 'JSON',
  description: 'Any JSON object.',
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
})

const lifetime = new GraphQLScalarType({
  name: 'Lifetime',
  description: 'Seconds, or such as "90s", "30m", "24h", "7d".',
  parseValue: (value) => value,
  parseLiteral: (node) => (node.kind === Kind.INT ? Number(node.value) : node.kind === Kind.STRING ? node.value : Number.NaN),
})

type Given = Record<string, unknown>

/** The executable schema. */
export function createGraphqlSchema(): GraphQLSchema {
  return createSchema<GraphqlContext>({
    typeDefs,
    resolvers: {
      JSON: json,
      Lifetime: lifetime,
      Query: {
        pendingOperations: (_root, given: Given, context) => list(withoutNulls(given), context),
        pendingOperation: async (_root, given: Given, context) => node(await readOne(withoutNulls(given), context)),
      },
      Mutation: {
        createPendingOperation: async (_root, { input }: { input: Given }, context) => create(withoutNulls(input), context),
        updatePendingOperation: async (_root, given: Given, context) => node(await update(withoutNulls(given), context)),
        consumePendingOperation: async (_root, given: Given, context) => consume(given, context),
        deletePendingOperations: async (_root, { ids }: Given, context) => remove(ids, context),
      },
      Subscription: {
        pendingOperationChanged: { subscribe: (_root, given: Given, context) => changes(given, context) },
      },
    },
  })
}

async function list({ first, after, ...given }: Given, { deps, caller, requestContext }: GraphqlContext): Promise<object> {
  const filter = readOperationFilter(given)
  const wanted = readPage(first, after)
  await admitListing(deps, caller)
  const page = await listOperations(deps, caller, filter, wanted, requestContext)
  return { ...page, nodes: page.nodes.map(node) }
}

/** An id is told from a token by its shape. */
async function readOne(given: Given, { deps, caller, requestContext }: GraphqlContext): Promise<PendingOperation> {
  const { token, operationType } = validate(lookupOperationRequest, given)
  if (!isOperationId(token)) return readByToken(deps, caller, { token, operationType }, requestContext)
  const operation = await getOperation(deps, caller, token, requestContext)
  if (operationType !== undefined && operationType !== operation.operationType) throw tokenError('operation_type_mismatch')
  return operation
}

async function create(input: Given, context: GraphqlContext): Promise<object> {
  await admitChange(context)
  const { deps, caller, requestContext } = context
  return (await runCreate(deps, caller, validate(createOperationRequest, input), requestContext)).created
}

async function update(given: Given, context: GraphqlContext): Promise<PendingOperation> {
  await admitChange(context)
  const { deps, caller, requestContext } = context
  const { token, ...change } = validate(updateOperationRequest, given)
  return isOperationId(token)
    ? patchOperation(deps, caller, token, change, requestContext)
    : updateOperation(deps, token, change, traceOf(deps, caller, requestContext))
}

async function consume(given: Given, context: GraphqlContext): Promise<object> {
  await admitChange(context)
  const { deps, caller, requestContext } = context
  return (await runConsume(deps, caller, validate(consumeOperationRequest, given), requestContext)).consumed
}

async function remove(ids: unknown, context: GraphqlContext): Promise<object> {
  await admitChange(context)
  const { deps, caller, requestContext } = context
  const request = validate(bulkOperationRequest, { action: 'delete', ids })
  return (await actOnMany(deps, caller, 'delete', request.ids, requestContext)).results
}

/** The request was counted when it came; each further change in its document counts as one more. Throws `rate_limited`. */
async function admitChange(context: GraphqlContext): Promise<void> {
  context.changes += 1
  if (context.changes > 1) await admit(context.deps, context.caller, 'request')
}

async function* changes(given: Given, { deps, caller, requestContext, closed }: GraphqlContext): AsyncGenerator<object> {
  const filter = validate(operationTypeFilter, withoutNulls(given))
  try {
    for await (const operation of followOperations(deps, caller, filter, closed, requestContext.requestId))
      yield { pendingOperationChanged: node(operation) }
  } catch (error) {
    // An audit entry that could not be written ends the stream: its reader subscribes again.
    deps.log.warn({ requestId: requestContext.requestId, err: error }, 'subscription ended')
  }
}

/** `token` is the id here, as listings have no other. */
function node({ id, ...operation }: PendingOperation): object {
  return { token: id, ...operation }
}

/** GraphQL says null where REST leaves a field out. */
function withoutNulls<Given extends object>(given: Given): Given {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined)) as Given
}

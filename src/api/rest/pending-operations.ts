// Pending operations over HTTP: create, list, look, change, consume, remove, export, count. Every decision is the domain's.
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import {
  bulkOperationRequest,
  consumeOperationRequest,
  createOperationRequest,
  exportFormats,
  lookupOperationRequest,
  patchOperationRequest,
  updateOperationRequest,
} from '../../contracts/pending-operation.ts'
import { admit } from '../../domain/pending-operations/admission.ts'
import { actOnMany } from '../../domain/pending-operations/bulk.ts'
import { acceptConsume } from '../../domain/pending-operations/consume.ts'
import { acceptOperation } from '../../domain/pending-operations/create.ts'
import { writeExport } from '../../domain/pending-operations/export.ts'
import { everyOperation, listOperations, type OperationFilter } from '../../domain/pending-operations/list.ts'
import { getOperation, lookupOperation } from '../../domain/pending-operations/read.ts'
import { readStatistics } from '../../domain/pending-operations/statistics.ts'
import { deleteOperation, patchOperation, updateOperation } from '../../domain/pending-operations/update.ts'
import { traceOf } from '../../domain/verification/access.ts'
import { AppError, invalidField } from '../../errors.ts'
import type { ApiDeps } from '../deps.ts'
import { contextOf } from '../request-context.ts'
import { readOperationFilter } from '../operation-filter.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'
import { pageOf, queryOf } from '../page-query.ts'
import { pendingOperationDocs as docs } from './pending-operations.docs.ts'

/** The routes of `/v1/pending-operations`. */
export function pendingOperationRoutes(deps: ApiDeps): Route[] {
  const all = '/v1/pending-operations'
  const shared = { access: 'credential', scope: 'pending_operations', limit: 'general' } as const
  return [
    routeWithBody({
      ...shared,
      method: 'post',
      path: all,
      // The domain counts this one and the next two: some callers go on while the counter is away.
      limit: 'domain',
      body: { schema: createOperationRequest },
      doc: docs.create,
      handle: async (call, body) => {
        const { created, replayed } = await acceptOperation(deps, call.caller, body, contextOf(call))
        if (replayed) call.res.setHeader('Idempotent-Replayed', 'true')
        call.res.status(201).location(`${all}/${created.id}`).json(created)
      },
    }),
    { ...shared, method: 'get', path: all, limit: 'domain', doc: docs.list, handle: (call) => list(deps, call) },
    {
      ...shared,
      method: 'get',
      path: `${all}/stats`,
      doc: docs.stats,
      handle: async (call) => void call.res.json(await readStatistics(deps, call.caller)),
    },
    { ...shared, method: 'get', path: `${all}/export`, limit: 'domain', doc: docs.export, handle: (call) => sendExport(deps, call) },
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${all}/lookup`,
      limit: 'domain',
      body: { schema: lookupOperationRequest },
      doc: docs.lookup,
      handle: async (call, body) => void call.res.json(await lookupOperation(deps, call.caller, body, contextOf(call))),
    }),
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${all}/update`,
      body: { schema: updateOperationRequest },
      doc: docs.update,
      handle: async (call, { token, ...change }) => {
        call.res.json(await updateOperation(deps, token, change, traceOf(deps, call.caller, contextOf(call))))
      },
    }),
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${all}/consume`,
      limit: 'domain',
      body: { schema: consumeOperationRequest },
      doc: docs.consume,
      handle: async (call, body) => {
        const { consumed, replayed } = await acceptConsume(deps, call.caller, body, contextOf(call))
        if (replayed) call.res.setHeader('Idempotent-Replayed', 'true')
        call.res.json(consumed)
      },
    }),
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${all}/bulk`,
      access: 'admin',
      body: { schema: bulkOperationRequest },
      doc: docs.bulk,
      handle: async (call, { action, ids }) => void call.res.json(await actOnMany(deps, call.caller, action, ids, contextOf(call))),
    }),
    ...oneOperation(deps, `${all}/{id}`, shared),
  ]
}

function oneOperation(deps: ApiDeps, path: string, shared: Pick<Route, 'access' | 'limit'> & { scope: 'pending_operations' }): Route[] {
  return [
    {
      ...shared,
      method: 'get',
      path,
      doc: docs.read,
      handle: async (call) => void call.res.json(await getOperation(deps, call.caller, idOf(call), contextOf(call))),
    },
    routeWithBody({
      ...shared,
      method: 'patch',
      path,
      body: { schema: patchOperationRequest },
      doc: docs.patch,
      handle: async (call, change) => void call.res.json(await patchOperation(deps, call.caller, idOf(call), change, contextOf(call))),
    }),
    {
      ...shared,
      method: 'delete',
      path,
      doc: docs.remove,
      handle: async (call) => {
        await deleteOperation(deps, call.caller, idOf(call), contextOf(call))
        call.res.status(204).end()
      },
    },
  ]
}

async function list(deps: ApiDeps, call: Call): Promise<void> {
  await admit(deps, call.caller, 'listing')
  const filter = filterOf(call, ['first', 'after'])
  call.res.json(await listOperations(deps, call.caller, filter, pageOf(call.req), contextOf(call)))
}

/** Batches are asked for as the client takes them; it may go away at any time. */
async function sendExport(deps: ApiDeps, call: Call): Promise<void> {
  const { res, caller } = call
  await admit(deps, caller, 'listing')
  const filter = filterOf(call, ['format'])
  const wanted = queryOf(call.req, 'format') ?? 'json'
  const format = exportFormats.find((known) => known === wanted)
  if (!format) throw invalidField('/format', 'must be csv or json')
  const chunks = writeExport(format, everyOperation(deps, caller, filter, contextOf(call)))
  // The first batch comes before the headers, so that what fails at once is a problem document.
  const first = await chunks.next()
  res.setHeader('Content-Type', format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8')
  res.setHeader('Content-Disposition', `attachment; filename="pending-operations.${format}"`)
  await pipeline(Readable.from(startingWith(first, chunks)), res)
}

async function* startingWith(first: IteratorResult<string, unknown>, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  if (!first.done) yield first.value
  yield* rest
}

/** The filters of a query; `others` are what else the route takes. Throws `invalid_request` for anything besides. */
function filterOf({ req }: Call, others: readonly string[]): OperationFilter {
  const known = new Set(['operationType', 'recipient', 'status', 'q', ...others])
  for (const name of Object.keys(req.query)) if (!known.has(name)) throw invalidField(`/${name}`, 'is not a known parameter')
  const { recipient, q } = req.query
  return readOperationFilter({ operationType: queryOf(req, 'operationType'), status: queryOf(req, 'status'), recipient, q })
}

function idOf({ req }: Call): string {
  const { id } = req.params
  if (typeof id !== 'string') throw new AppError('not_found')
  return id
}

// Lists of pending operations: which records a query means, a page of them, and all of them one after the other for an export.
import type { OperationPage, OperationStatus, PendingOperation } from '../../contracts/pending-operation.ts'
import { invalidField } from '../../errors.ts'
import { readCursor, writeCursor } from '../../lib/cursor.ts'
import { callerKey, isPrivileged, type Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { StatePosition, StateQuery, StateRecord, StateSelection } from '../state-ports.ts'
import { traceOf } from '../verification/access.ts'
import { noteLooks } from './access.ts'
import { openAbout } from './content.ts'
import { listOf, whoseList } from './indexes.ts'
import { kind, type ListDeps } from './operation.ts'
import { mostExamined } from './policy.ts'
import { sanitise } from './sanitise.ts'
import { viewOf } from './view.ts'
import { callerPrints, canonicalRecipient, recipientPrints } from './who.ts'

/** `q` is looked for in ids, types, channels, purposes, recipients and metadata, never in data. */
export type OperationFilter = {
  operationType?: string | undefined
  recipient?: string | undefined
  status?: OperationStatus | undefined
  q?: string | undefined
}

const batch = 200

/**
 * A page of the operations that the caller may see, newest first; an admin's look at others' leaves an audit entry for each. Throws `invalid_request` for
 * a cursor of another query.
 */
export async function listOperations(
  deps: ListDeps,
  caller: Caller,
  filter: OperationFilter,
  { first, after }: { first: number; after?: string | undefined },
  context: RequestContext,
): Promise<OperationPage> {
  const scope = scopeOf(caller, filter)
  const before = after === undefined ? undefined : positionOf(deps, scope, after)
  const selection = selectionOf(deps, caller, filter)
  const [page, count] = await Promise.all([
    walk(deps, selection, filter.q, { first, before }),
    isIndexed(selection, filter) ? null : countMatches(deps, selection, filter.q),
  ])
  await noteLooks(deps, caller, page.records, traceOf(deps, caller, context))
  const cursorAt = (place: StatePosition | undefined) => place && writeCursor(deps.keyring, scope, `${place.order} ${place.id}`)
  return {
    nodes: page.records.map((record) => viewOf(deps.keyring, record, selection.nowMs)),
    totalCount: count?.total ?? page.total,
    totalCountIsExact: count?.isExact ?? true,
    pageInfo: {
      hasNextPage: page.hasMore,
      endCursor: cursorAt(page.end) ?? null,
      hasPreviousPage: before !== undefined,
      startCursor: cursorAt(page.records[0]) ?? null,
    },
  }
}

/** Every operation that a list would show, in its order, in batches: memory stays bounded whatever their number. */
export async function* everyOperation(
  deps: ListDeps,
  caller: Caller,
  filter: OperationFilter,
  context: RequestContext,
): AsyncGenerator<readonly PendingOperation[]> {
  const trace = traceOf(deps, caller, context)
  let before: StatePosition | undefined
  do {
    const selection = selectionOf(deps, caller, filter)
    const page = await deps.states.page({ ...selection, first: batch, before, withoutTotal: true } as StateQuery)
    const records = page.records.filter((record) => matches(deps, record, filter.q, selection.nowMs))
    await noteLooks(deps, caller, records, trace)
    yield records.map((record) => viewOf(deps.keyring, record, selection.nowMs))
    before = page.hasMore ? page.end : undefined
  } while (before)
}

/** What a cursor belongs to: whose list it is and every filter. */
function scopeOf(caller: Caller, { operationType, recipient, status, q }: OperationFilter): string {
  const whose = isPrivileged(caller) ? 'all' : callerKey(caller)
  return JSON.stringify([
    kind,
    whose,
    operationType ?? null,
    recipient === undefined ? null : canonicalRecipient(recipient),
    status ?? null,
    q ?? null,
  ])
}

function positionOf(deps: ListDeps, scope: string, cursor: string): StatePosition {
  const [order, id] = readCursor(deps.keyring, scope, cursor)?.split(' ', 2) ?? []
  if (order === undefined || id === undefined) throw invalidField('/after', 'is not a cursor of this query')
  return { order: Number(order), id }
}

/** The narrowest indexes there are; only whose somebody else's operations are is left to compare. */
function selectionOf({ keyring, clock }: ListDeps, caller: Caller, filter: OperationFilter): StateSelection {
  const { operationType, recipient, status } = filter
  const shared = { kind, nowMs: clock.nowMs(), ...(status === undefined ? {} : { status }) }
  const own = isPrivileged(caller) ? null : callerPrints(keyring, caller)
  const wanted = recipient === undefined ? null : recipientPrints(keyring, recipient)
  const listed = (prints: readonly string[]) => prints.map((print) => whoseList(print, operationType))
  if (wanted) {
    const isTheirs = own !== null && !wanted.some((print) => own.includes(print))
    return { ...shared, indexes: listed(wanted), facts: isTheirs ? { creator: own } : {} }
  }
  return { ...shared, indexes: own ? listed(own) : [listOf(operationType)], facts: {} }
}

/** Whether the indexes alone answer the query, and so how many there are. */
function isIndexed({ facts, status }: StateSelection, { q }: OperationFilter): boolean {
  return Object.keys(facts ?? {}).length === 0 && (status === undefined || status === 'expired') && q === undefined
}

type Walk = { records: readonly StateRecord[]; hasMore: boolean; total: number; end?: StatePosition }

/** A page; with a search, as many batches as it takes to fill one, within bounds. */
async function walk(
  deps: ListDeps,
  selection: StateSelection,
  q: string | undefined,
  { first, before }: { first: number; before: StatePosition | undefined },
): Promise<Walk> {
  const start = before ? { before } : {}
  if (q === undefined) return deps.states.page({ ...selection, first, ...start })
  const records: StateRecord[] = []
  let end = before
  for (let examined = 0; examined < mostExamined; examined += batch) {
    const page = await deps.states.page({ ...selection, first: batch, ...(end ? { before: end } : {}), withoutTotal: true })
    for (const record of page.records) {
      if (!matches(deps, record, q, selection.nowMs)) continue
      if (records.length === first) return { records, hasMore: true, total: 0, ...endOf(records.at(-1)) }
      records.push(record)
    }
    if (!page.hasMore || !page.end) return { records, hasMore: false, total: 0, ...endOf(records.at(-1)) }
    end = page.end
  }
  return { records, hasMore: true, total: 0, ...endOf(end) }
}

function endOf(place: StatePosition | undefined): { end?: StatePosition } {
  return place ? { end: { order: place.order, id: place.id } } : {}
}

async function countMatches(
  deps: ListDeps,
  selection: StateSelection,
  q: string | undefined,
): Promise<{ total: number; isExact: boolean }> {
  if (q === undefined) return deps.states.count(selection, mostExamined)
  let total = 0
  let before: StatePosition | undefined
  for (let examined = 0; examined < mostExamined; examined += batch) {
    const page = await deps.states.page({ ...selection, first: batch, ...(before ? { before } : {}), withoutTotal: true })
    total += page.records.filter((record) => matches(deps, record, q, selection.nowMs)).length
    if (!page.hasMore || !page.end) return { total, isExact: true }
    before = page.end
  }
  return { total, isExact: false }
}

function matches({ keyring }: Pick<ListDeps, 'keyring'>, record: StateRecord, q: string | undefined, nowMs: number): boolean {
  if (q === undefined) return true
  const { metadata, ...about } = openAbout(keyring, record, nowMs)
  const texts = [
    record.id,
    record.facts['operationType'],
    ...Object.values(about),
    metadata && JSON.stringify(Object.values(sanitise(metadata))),
  ]
  const wanted = fold(q)
  return texts.some((text) => text !== undefined && fold(text).includes(wanted))
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}

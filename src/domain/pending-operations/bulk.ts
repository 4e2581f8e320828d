// The same action on many pending operations, with a result for each.
import type { BulkAction, BulkOperationResponse } from '../../contracts/pending-operation.ts'
import { AppError } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { Trace } from '../state-ports.ts'
import { traceOf } from '../verification/access.ts'
import { mayTouch } from './access.ts'
import { isOperationId, kind, type PendingOperationDeps } from './operation.ts'

type Result = BulkOperationResponse['results'][number]

/** Deletes or ends each of the ids that the caller may touch; one that fails does not keep the others. An id given twice is done once. */
export async function actOnMany(
  deps: PendingOperationDeps,
  caller: Caller,
  action: BulkAction,
  ids: readonly string[],
  context: RequestContext,
): Promise<BulkOperationResponse> {
  const trace = traceOf(deps, caller, context)
  return { results: await Promise.all([...new Set(ids)].map((id) => actOnOne(deps, caller, action, id, trace))) }
}

async function actOnOne(deps: PendingOperationDeps, caller: Caller, action: BulkAction, id: string, trace: Trace): Promise<Result> {
  const nowMs = deps.clock.nowMs()
  const record = isOperationId(id) ? await deps.states.read({ kind, id }, nowMs) : null
  if (!record || !mayTouch(deps, caller, record.facts)) return { id, result: 'not_found' }
  switch (action) {
    case 'delete':
      return { id, result: (await deps.states.remove(record, trace, nowMs)) ? 'deleted' : 'not_found' }
    case 'expire':
      return { id, result: (await deps.states.expire(record, trace, nowMs)) ? 'expired' : 'not_active' }
    default:
      throw new AppError('invalid_request')
  }
}

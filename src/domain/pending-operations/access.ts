// Whose operations a caller may touch, and the note that is made when it looks at somebody else's.
import { AppError } from '../../errors.ts'
import { readId } from '../../lib/ids.ts'
import { isPrivileged, type Caller } from '../caller.ts'
import type { NewEvent } from '../ports.ts'
import type { StateRecord, Trace } from '../state-ports.ts'
import { idPrefix, isOperationId, kind, type PendingOperationDeps } from './operation.ts'
import { callerPrints } from './who.ts'

/** Created by the caller, or for it. */
export function isOwn(deps: Pick<PendingOperationDeps, 'keyring'>, caller: Caller, facts: StateRecord['facts']): boolean {
  return belongsTo(callerPrints(deps.keyring, caller), facts)
}

function belongsTo(prints: readonly string[], facts: StateRecord['facts']): boolean {
  return [facts['creator'], facts['recipient']].some((print) => print !== undefined && prints.includes(print))
}

export function mayTouch(deps: Pick<PendingOperationDeps, 'keyring'>, caller: Caller, facts: StateRecord['facts']): boolean {
  return isPrivileged(caller) || isOwn(deps, caller, facts)
}

/** The record, if there is one and the caller may touch it; otherwise `not_found` either way. */
export async function accessibleRecord(
  deps: Pick<PendingOperationDeps, 'keyring' | 'states' | 'clock'>,
  caller: Caller,
  id: string,
): Promise<StateRecord> {
  const record = isOperationId(id) ? await deps.states.read({ kind, id }, deps.clock.nowMs()) : null
  if (!record || !mayTouch(deps, caller, record.facts)) throw new AppError('not_found')
  return record
}

/** Leaves an audit entry for each of these that is not the caller's own. Without it nothing is shown: throws `service_degraded`. */
export async function noteLooks(
  deps: Pick<PendingOperationDeps, 'keyring' | 'events' | 'clock'>,
  caller: Caller,
  records: readonly Pick<StateRecord, 'id' | 'version' | 'facts'>[],
  trace: Trace,
): Promise<void> {
  const prints = callerPrints(deps.keyring, caller)
  const foreign = records.filter(({ facts }) => !belongsTo(prints, facts))
  const byPartition = new Map<number, NewEvent[]>()
  for (const { id, version } of foreign) {
    const partition = readId(idPrefix, id)?.partition ?? 0
    const event = { type: `${kind}.viewed`, subject: `${kind}:${id}`, sequence: version }
    byPartition.set(partition, [...(byPartition.get(partition) ?? []), event])
  }
  await Promise.all([...byPartition].map(([partition, events]) => deps.events.append(partition, events, trace, deps.clock.nowMs())))
}

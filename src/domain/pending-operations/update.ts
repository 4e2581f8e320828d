// Changes the data of a pending operation, compare-and-set, and removes operations.
import type { PendingOperation } from '../../contracts/pending-operation.ts'
import { AppError } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import { mergePatch } from '../merge-patch.ts'
import type { StateRecord, Trace } from '../state-ports.ts'
import { traceOf } from '../verification/access.ts'
import { accessibleRecord } from './access.ts'
import { openData, sealData } from './content.ts'
import { kind, type OperationDeps, type PendingOperationDeps } from './operation.ts'
import { requirePlainObject, type PlainObject } from './plain-data.ts'
import { maxDataBytes } from './policy.ts'
import { openToken, recordOf } from './read.ts'
import { refusedToken, tokenError, versionConflict } from './refusals.ts'
import { viewOf } from './view.ts'

/** `data` is a merge patch (RFC 7396); with a `version` it applies to that one only. */
export type OperationChange = { data: PlainObject; version?: number | undefined }

/** How often a change without a version is made anew because another one came first. */
const tries = 100

/** Changes the operation of this id. Throws `not_found`, `version_conflict`, `invalid_request`, `too_large`, `token_used`, `token_expired`. */
export async function patchOperation(
  deps: PendingOperationDeps,
  caller: Caller,
  id: string,
  change: OperationChange,
  context: RequestContext,
): Promise<PendingOperation> {
  const record = await accessibleRecord(deps, caller, id)
  return viewOf(deps.keyring, await changeRecord(deps, record, change, traceOf(deps, caller, context)), deps.clock.nowMs())
}

/** The same by token. Throws `token_invalid` besides, and `not_updatable` for an operation that lives in its token. */
export async function updateOperation(
  deps: OperationDeps,
  token: string,
  change: OperationChange,
  trace: Trace,
): Promise<PendingOperation> {
  const read = await openToken(deps, token)
  if (read.backend === 'jwt') throw new AppError('not_updatable', { detail: 'This operation lives in its token, which cannot be changed.' })
  return viewOf(deps.keyring, await changeRecord(deps, await recordOf(deps, read), change, trace), deps.clock.nowMs())
}

async function changeRecord(deps: OperationDeps, first: StateRecord, change: OperationChange, trace: Trace): Promise<StateRecord> {
  const patch = requirePlainObject(change.data, '/data', maxDataBytes)
  let record = first
  for (let left = tries; left > 0; left--) {
    if (record.status !== 'active') throw refusedToken(record.status === 'consumed' ? 'used' : 'expired')
    if (change.version !== undefined && change.version !== record.version) break
    const nowMs = deps.clock.nowMs()
    const before = openData(deps.keyring, record, nowMs)
    if (!before) throw tokenError('token_expired')
    const data = requirePlainObject(mergePatch(before, patch), '/data', maxDataBytes)
    const sealed = sealData(deps.keyring, record.id, record.expiresAtMs, data)
    const outcome = await deps.states.update({ kind, id: record.id }, { version: record.version, sealed }, trace, nowMs)
    if (outcome.kind === 'updated') return outcome.record
    if (outcome.kind !== 'conflict') throw refusedToken(outcome.kind)
    record = outcome.record
  }
  throw versionConflict(record.version)
}

/** Removes the operation of this id, data and all. Throws `not_found`. */
export async function deleteOperation(deps: PendingOperationDeps, caller: Caller, id: string, context: RequestContext): Promise<void> {
  const record = await accessibleRecord(deps, caller, id)
  if (!(await deps.states.remove(record, traceOf(deps, caller, context), deps.clock.nowMs()))) throw new AppError('not_found')
}

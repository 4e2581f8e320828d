// Looking at one pending operation, by its id or its token. Consumes nothing and shows no secrets.
import type { ConsumedOperation, PendingOperation } from '../../contracts/pending-operation.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { StateRecord } from '../state-ports.ts'
import { traceOf } from '../verification/access.ts'
import { accessibleRecord, noteLooks } from './access.ts'
import { admit, goesOnWithoutRedis, RedisPatience } from './admission.ts'
import { openAbout, openData } from './content.ts'
import { kind, readToken, type OperationDeps, type PendingOperationDeps, type ReadToken } from './operation.ts'
import { refusedToken, tokenError } from './refusals.ts'
import { consumedView, viewOf, viewOfClaims } from './view.ts'

/** The operation of this id, for those it belongs to and for admins. Throws `not_found`. */
export async function getOperation(
  deps: PendingOperationDeps,
  caller: Caller,
  id: string,
  context: RequestContext,
): Promise<PendingOperation> {
  const record = await accessibleRecord(deps, caller, id)
  await noteLooks(deps, caller, [record], traceOf(deps, caller, context))
  return viewOf(deps.keyring, record, deps.clock.nowMs())
}

/**
 * The operation that a token opens: the token is the key, whoever brings it. Throws `token_invalid`, `token_expired`, `operation_type_mismatch`, and
 * `service_degraded` when Redis is away (an API key sees the operations that live in their tokens even then).
 */
export async function lookupOperation(
  deps: PendingOperationDeps,
  caller: Caller,
  request: { token: string; operationType?: string | undefined },
  context: RequestContext,
): Promise<PendingOperation> {
  const patience = new RedisPatience(goesOnWithoutRedis(caller) && request.token.includes('.'))
  await patience.ask(() => admit(deps, caller, 'request'))
  return readByToken(deps, caller, request, context, patience)
}

/** The same for a call that was counted already. */
export async function readByToken(
  deps: PendingOperationDeps,
  caller: Caller,
  request: { token: string; operationType?: string | undefined },
  context: RequestContext,
  patience = new RedisPatience(goesOnWithoutRedis(caller) && request.token.includes('.')),
): Promise<PendingOperation> {
  const read = await openToken(deps, request.token)
  const nowMs = deps.clock.nowMs()
  if (read.backend === 'jwt') {
    requireType(read.claims.operationType, request.operationType)
    const spent = await patience.ask(() => deps.spentIds.isSpent({ kind, id: read.claims.id }))
    return viewOfClaims(read.claims, spent?.value ?? false, nowMs)
  }
  const record = await recordOf(deps, read)
  requireType(record.facts['operationType'], request.operationType)
  await noteLooks(deps, caller, [record], traceOf(deps, caller, context))
  return viewOf(deps.keyring, record, nowMs)
}

/** What a token says, once it is sure that it is ours and that its time is not over. Throws `token_invalid`, `token_expired`. */
export async function openToken(deps: Pick<OperationDeps, 'keyring' | 'stateTokens' | 'clock'>, token: string): Promise<ReadToken> {
  const read = await readToken(deps, token)
  if (!read) throw tokenError('token_invalid')
  const { expiresAtMs } = read.backend === 'jwt' ? read.claims : read
  if (deps.clock.nowMs() >= expiresAtMs) throw tokenError('token_expired')
  return read
}

/** The record behind a token that is still good; `token_invalid` when it was deleted. */
export async function recordOf(deps: Pick<OperationDeps, 'states' | 'clock'>, { id }: { id: string }): Promise<StateRecord> {
  const record = await deps.states.read({ kind, id }, deps.clock.nowMs())
  if (!record) throw refusedToken('missing')
  return record
}

/** An operation never opens for another type. */
export function requireType(actual: string | undefined, wanted: string | undefined): void {
  if (wanted !== undefined && wanted !== actual) throw tokenError('operation_type_mismatch')
}

/**
 * The operation of a token with all its data, without consuming it: null when it is invalid, expired, used or of another type. Throws `service_degraded` for
 * what lives in Redis while that is away. For programs that hold the keys themselves, never for answers.
 */
export async function verifyToken(
  deps: OperationDeps,
  token: string,
  operationType: string | undefined,
  patience: RedisPatience,
): Promise<ConsumedOperation | null> {
  const read = await readToken(deps, token)
  const nowMs = deps.clock.nowMs()
  if (!read) return null
  if (read.backend === 'jwt') {
    const { claims } = read
    if (nowMs >= claims.expiresAtMs || (operationType !== undefined && claims.operationType !== operationType)) return null
    const spent = await patience.ask(() => deps.spentIds.isSpent({ kind, id: claims.id }))
    return spent?.value ? null : consumedView({ ...claims, backend: 'jwt', singleUse: spent !== null, version: 1 })
  }
  const record = await deps.states.read({ kind, id: read.id }, nowMs)
  const data = record?.status === 'active' ? openData(deps.keyring, record, nowMs) : null
  const type = record?.facts['operationType'] ?? ''
  if (!record || !data || (operationType !== undefined && type !== operationType)) return null
  const { id, version, createdAtMs, expiresAtMs } = record
  const about = openAbout(deps.keyring, record, nowMs)
  return consumedView({ id, backend: 'redis', singleUse: true, operationType: type, version, data, ...about, createdAtMs, expiresAtMs })
}

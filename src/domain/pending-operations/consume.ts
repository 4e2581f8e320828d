// Takes the data out of a pending operation: once, whatever the number of those who try and wherever the data lives.
import type { ConsumedOperation } from '../../contracts/pending-operation.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import { runIdempotent } from '../idempotency.ts'
import type { Trace } from '../state-ports.ts'
import { traceOf } from '../verification/access.ts'
import { admit, goesOnWithoutRedis, RedisPatience } from './admission.ts'
import { openAbout, openData } from './content.ts'
import { kind, type OperationClaims, type OperationDeps, type PendingOperationDeps } from './operation.ts'
import { openToken, requireType } from './read.ts'
import { refusedToken, tokenError } from './refusals.ts'
import { consumedView } from './view.ts'

const route = 'POST /v1/pending-operations/consume'

type ConsumeRequest = { token: string; operationType: string }

/**
 * Consumes for a caller of the API. Throws `token_invalid`, `token_used`, `token_expired`, `operation_type_mismatch`, `rate_limited`, what idempotency
 * keys throw, and `service_degraded` when Redis is away: only an API key may then still consume what lives in its token.
 */
export async function acceptConsume(
  deps: PendingOperationDeps,
  caller: Caller,
  request: ConsumeRequest,
  context: RequestContext,
): Promise<{ consumed: ConsumedOperation; replayed: boolean }> {
  const patience = new RedisPatience(goesOnWithoutRedis(caller) && request.token.includes('.'))
  await patience.ask(() => admit(deps, caller, 'request'))
  return runConsume(deps, caller, request, context, patience)
}

/** The same for a call that was counted already. */
export async function runConsume(
  deps: PendingOperationDeps,
  caller: Caller,
  request: ConsumeRequest,
  context: RequestContext,
  patience = new RedisPatience(goesOnWithoutRedis(caller) && request.token.includes('.')),
): Promise<{ consumed: ConsumedOperation; replayed: boolean }> {
  const run = () => consumeOperation(deps, caller, request, traceOf(deps, caller, context), patience)
  const kept = await patience.ask(() => runIdempotent(deps, caller, route, context, request, run))
  if (kept) return { consumed: kept.value.answer, replayed: kept.value.replayed }
  return { consumed: await run(), replayed: false }
}

/** Consumes. Throws as `acceptConsume`, limits and keys apart. */
export async function consumeOperation(
  deps: OperationDeps,
  caller: Caller,
  { token, operationType }: ConsumeRequest,
  trace: Trace,
  patience = new RedisPatience(goesOnWithoutRedis(caller) && token.includes('.')),
): Promise<ConsumedOperation> {
  const read = await openToken(deps, token)
  return read.backend === 'jwt'
    ? consumeClaims(deps, read.claims, operationType, trace, patience)
    : consumeRecord(deps, read.id, operationType, trace)
}

async function consumeRecord(deps: OperationDeps, id: string, operationType: string, trace: Trace): Promise<ConsumedOperation> {
  const nowMs = deps.clock.nowMs()
  const outcome = await deps.states.consume({ kind, id }, { operationType }, trace, nowMs)
  if (outcome.kind === 'mismatch') throw tokenError('operation_type_mismatch')
  if (outcome.kind !== 'consumed') throw refusedToken(outcome.kind === 'conflict' ? 'used' : outcome.kind)
  const { record } = outcome
  const data = openData(deps.keyring, record, nowMs)
  // Altered from outside, or sealed under a key that has left the ring: nothing that could be given out.
  if (!data) throw tokenError('token_invalid')
  const about = openAbout(deps.keyring, record, nowMs)
  const { version, createdAtMs, expiresAtMs } = record
  return consumedView({ id, backend: 'redis', singleUse: true, operationType, version, data, ...about, createdAtMs, expiresAtMs })
}

async function consumeClaims(
  deps: OperationDeps,
  claims: OperationClaims,
  operationType: string,
  trace: Trace,
  patience: RedisPatience,
): Promise<ConsumedOperation> {
  requireType(claims.operationType, operationType)
  const key = { kind, id: claims.id }
  const spent = await patience.ask(() => deps.spentIds.spend(key, claims.expiresAtMs, operationType, trace, deps.clock.nowMs()))
  if (spent && !spent.value) throw tokenError('token_used')
  return consumedView({ ...claims, backend: 'jwt', singleUse: spent !== null, version: 1 })
}

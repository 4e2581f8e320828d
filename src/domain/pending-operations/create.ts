// Begins a pending operation: in Redis, in its token, or wherever there is room right now.
import type { CreatedOperation } from '../../contracts/pending-operation.ts'
import { AppError } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import { runIdempotent } from '../idempotency.ts'
import type { Trace } from '../state-ports.ts'
import { traceOf } from '../verification/access.ts'
import { admit, goesOnWithoutRedis, RedisPatience } from './admission.ts'
import { sealAbout, sealData } from './content.ts'
import {
  createOperationId,
  kind,
  tokenOf,
  type About,
  type NewOperation,
  type OperationDeps,
  type PendingOperationDeps,
} from './operation.ts'
import { requirePlainObject } from './plain-data.ts'
import { lifetimeMs, maxDataBytes, maxMetadataBytes } from './policy.ts'
import { createdView } from './view.ts'
import { canonicalRecipient, creatorPrint, recipientPrint } from './who.ts'
import { indexNames } from './indexes.ts'

const route = 'POST /v1/pending-operations'

/**
 * Begins an operation for a caller of the API. Throws `invalid_request`, `too_large`, `rate_limited`, what idempotency keys throw, and
 * `service_degraded` when Redis is away and the caller or backend needs it.
 */
export async function acceptOperation(
  deps: PendingOperationDeps,
  caller: Caller,
  request: NewOperation,
  context: RequestContext,
): Promise<{ created: CreatedOperation; replayed: boolean }> {
  const patience = new RedisPatience(goesOnWithoutRedis(caller) && request.backend !== 'redis')
  await patience.ask(() => admit(deps, caller, 'request'))
  return runCreate(deps, caller, request, context, patience)
}

/** The same for a call that was counted already. */
export async function runCreate(
  deps: PendingOperationDeps,
  caller: Caller,
  request: NewOperation,
  context: RequestContext,
  patience = new RedisPatience(goesOnWithoutRedis(caller) && request.backend !== 'redis'),
): Promise<{ created: CreatedOperation; replayed: boolean }> {
  const trace = traceOf(deps, caller, context)
  const proposedId = createOperationId(deps)
  const run = (id: string) => createOperation(deps, caller, request, trace, id, patience)
  const kept = await patience.ask(() => runIdempotent(deps, caller, route, context, request, run, proposedId))
  if (kept) return { created: kept.value.answer, replayed: kept.value.replayed }
  return { created: await run(proposedId), replayed: false }
}

/** Begins an operation under this id; the same id again gives the same answer. Throws as `acceptOperation`, limits and keys apart. */
export async function createOperation(
  deps: OperationDeps,
  caller: Caller,
  request: NewOperation,
  trace: Trace,
  id = createOperationId(deps),
  patience = new RedisPatience(goesOnWithoutRedis(caller) && request.backend !== 'redis'),
): Promise<CreatedOperation> {
  const made = prepare(deps, request)
  if (request.backend !== 'jwt') {
    const stored = await patience.ask(() => store(deps, caller, made, trace, id))
    if (stored) return stored.value
  }
  return encrypt(deps, made, trace, id, patience)
}

type Made = { operationType: string; data: Record<string, unknown>; about: About; createdAtMs: number; expiresAtMs: number }

function prepare({ clock }: Pick<OperationDeps, 'clock'>, request: NewOperation): Made {
  const { operationType, recipient, channel, purpose } = request
  const createdAtMs = clock.nowMs()
  return {
    operationType,
    data: requirePlainObject(request.data, '/data', maxDataBytes),
    about: {
      ...(recipient === undefined ? {} : { recipient: canonicalRecipient(recipient) }),
      ...(channel === undefined ? {} : { channel }),
      ...(purpose === undefined ? {} : { purpose }),
      ...(request.metadata === undefined ? {} : { metadata: requirePlainObject(request.metadata, '/metadata', maxMetadataBytes) }),
    },
    createdAtMs,
    expiresAtMs: createdAtMs + lifetimeMs(operationType, request.expiresIn),
  }
}

async function store(deps: OperationDeps, caller: Caller, made: Made, trace: Trace, id: string): Promise<CreatedOperation> {
  const { operationType, data, about, createdAtMs, expiresAtMs } = made
  const creator = creatorPrint(deps.keyring, caller)
  const recipient = about.recipient === undefined ? undefined : recipientPrint(deps.keyring, about.recipient)
  const isNew = await deps.states.create(
    {
      kind,
      id,
      expiresAtMs,
      facts: { operationType, creator, ...(recipient === undefined ? {} : { recipient }) },
      sealed: sealData(deps.keyring, id, expiresAtMs, data),
      about: sealAbout(deps.keyring, id, expiresAtMs, about),
      indexes: indexNames(operationType, recipient === undefined ? [creator] : [creator, recipient]),
      tally: operationType,
    },
    trace,
    createdAtMs,
  )
  const times = isNew ? { createdAtMs, expiresAtMs } : await timesOf(deps, id)
  const token = tokenOf(deps.keyring, id, times.expiresAtMs)
  return createdView({ id, token, backend: 'redis', singleUse: true, operationType, ...times })
}

/** The id of a first try whose answer was lost: what it made, counts. */
async function timesOf({ states, clock }: OperationDeps, id: string): Promise<{ createdAtMs: number; expiresAtMs: number }> {
  const record = await states.read({ kind, id }, clock.nowMs())
  if (!record) throw new AppError('token_expired')
  return record
}

async function encrypt(deps: OperationDeps, made: Made, trace: Trace, id: string, patience: RedisPatience): Promise<CreatedOperation> {
  const { operationType, data, about, createdAtMs, expiresAtMs } = made
  const counted = await patience.ask(() => deps.spentIds.noteCreated({ kind, id }, operationType, trace, createdAtMs))
  const token = await deps.stateTokens.encrypt({ id, createdAtMs, expiresAtMs, content: { operationType, data, ...about } })
  return createdView({ id, token, backend: 'jwt', singleUse: counted !== null, operationType, createdAtMs, expiresAtMs })
}

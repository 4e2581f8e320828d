// Opening a session: for oneself, or for a user by the server that signs users in.
import type { CreateSessionRequest, Session } from '../../contracts/session.ts'
import { AppError } from '../../errors.ts'
import { createPartitionedUuid } from '../../lib/partitioned-uuid.ts'
import { partitionOf } from '../../lib/partition.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { Whereabouts } from '../session-ports.ts'
import { traceOf } from '../verification/access.ts'
import { isOwnAccount, ownersOf, subjectOf, tokenMarks } from './account.ts'
import { sessionRules, type SessionDeps } from './deps.ts'
import { describeDevice } from './device.ts'
import { sealMetadata, viewOf } from './view.ts'

/** A new session's id, in its owner's partition. */
export function proposeSessionId(deps: Pick<SessionDeps, 'keyring' | 'policy'>, caller: Caller, request: CreateSessionRequest): string {
  const [owner] = ownersOf(deps.keyring, subjectOf(caller, request.userId))
  return createPartitionedUuid(partitionOf(owner, deps.policy.partitions))
}

/**
 * Opens the session of this id; one more than a user may have ends the oldest. Doing it twice is doing it once. Throws `unauthenticated` when the
 * caller was signed out in the meantime: no request that was on its way brings anybody back in.
 */
export async function openSession(
  deps: SessionDeps,
  caller: Caller,
  id: string,
  request: CreateSessionRequest,
  userAgent: string | undefined,
  context: RequestContext,
): Promise<Session> {
  const { keyring, clock, sessionStore, sessionTelemetry } = deps
  const subject = subjectOf(caller, request.userId)
  const [owner] = ownersOf(keyring, subject)
  // A server's own User-Agent says nothing about its user.
  const device = describeDevice(isOwnAccount(caller, subject) ? (request.userAgent ?? userAgent) : request.userAgent)
  const nowMs = clock.nowMs()
  const outcome = await sessionStore.create(
    {
      id,
      owner,
      device: JSON.stringify(device),
      metadata: sealMetadata(keyring, id, nowMs + sessionRules.absoluteMs, request.metadata ?? {}),
      from: whereabouts(deps, caller, device.name),
      ...tokenMarks(keyring, caller, subject),
    },
    sessionRules,
    traceOf(deps, caller, context),
    nowMs,
  )
  if (outcome.kind === 'signed_out') throw new AppError('unauthenticated')
  if (outcome.kind === 'created') {
    sessionTelemetry.sessionChanged('created')
    for (const reason of outcome.unusual) sessionTelemetry.unusual(reason)
    return viewOf(keyring, caller, outcome.record, nowMs)
  }
  const record = await sessionStore.read(id, nowMs)
  if (!record || record.owner !== owner) throw new AppError('unauthenticated')
  return viewOf(keyring, caller, record, nowMs)
}

function whereabouts({ keyring }: Pick<SessionDeps, 'keyring'>, caller: Caller, deviceName: string): Whereabouts {
  const network = networkPrint(keyring, caller.network)
  return { device: keyring.fingerprint('device', deviceName), ...(network === undefined ? {} : { network }) }
}

/** A network as sessions and tokens know it. */
export function networkPrint(keyring: SessionDeps['keyring'], network: string | undefined): string | undefined {
  return network === undefined ? undefined : keyring.fingerprint('network', network)
}

// Changing and ending sessions. What has ended stays ended: every write is to single fields of a session that still lives.
import type { BatchSignedOut, BatchSignOutRequest, PatchSessionRequest, Session } from '../../contracts/session.ts'
import { AppError, invalidField } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import { traceOf } from '../verification/access.ts'
import { ownersOf, subjectOf } from './account.ts'
import { sessionRules, type SessionDeps } from './deps.ts'
import { accessibleSession } from './read.ts'
import { sealMetadata, viewOf } from './view.ts'

/** Merges metadata name by name; names that are not mentioned are not touched. Throws `not_found` when the session has ended. */
export async function patchSession(
  deps: SessionDeps,
  caller: Caller,
  id: string,
  { metadata }: PatchSessionRequest,
  context: RequestContext,
): Promise<Session> {
  const { createdAtMs } = await accessibleSession(deps, caller, id)
  const set = sealMetadata(deps.keyring, id, createdAtMs + sessionRules.absoluteMs, metadata)
  const remove = Object.keys(metadata).filter((name) => metadata[name] === null)
  const nowMs = deps.clock.nowMs()
  const record = await deps.sessionStore.patch(id, { set, remove }, sessionRules.maxMetadata, traceOf(deps, caller, context), nowMs)
  if (record === null) throw new AppError('not_found')
  if (record === 'too_many') throw invalidField('/metadata', `a session holds at most ${sessionRules.maxMetadata} names`)
  return viewOf(deps.keyring, caller, record, nowMs)
}

/** Signs one session out, everywhere and for good. Throws `not_found`. */
export async function endSession(deps: SessionDeps, caller: Caller, id: string, context: RequestContext): Promise<void> {
  await accessibleSession(deps, caller, id)
  if (!(await deps.sessionStore.end(id, traceOf(deps, caller, context), deps.clock.nowMs()))) throw new AppError('not_found')
  deps.sessionTelemetry.sessionChanged('ended')
}

/**
 * Signs a user out everywhere: all sessions, and every token that was issued until now. With `keep` the one session stays, and so do tokens without a
 * session. How many sessions were ended.
 */
export async function endAllSessions(
  deps: SessionDeps,
  caller: Caller,
  { userId, keep }: { userId?: string | undefined; keep?: string | undefined },
  context: RequestContext,
): Promise<number> {
  const subject = subjectOf(caller, userId)
  if (keep !== undefined) {
    const { owner } = await accessibleSession(deps, caller, keep)
    if (!ownersOf(deps.keyring, subject).includes(owner)) throw new AppError('not_found')
  }
  return endAccount(deps, caller, subject, keep, context)
}

async function endAccount(
  deps: SessionDeps,
  caller: Caller,
  subject: string,
  keep: string | undefined,
  context: RequestContext,
): Promise<number> {
  const trace = traceOf(deps, caller, context)
  const nowMs = deps.clock.nowMs()
  const counts = await Promise.all(ownersOf(deps.keyring, subject).map((owner) => deps.sessionStore.endAll(owner, keep, trace, nowMs)))
  const ended = counts.reduce((sum, count) => sum + count, 0)
  for (let i = 0; i < ended; i++) deps.sessionTelemetry.sessionChanged('ended')
  return ended
}

/** For admins: ends sessions and whole accounts, each by itself; what is not there is said to be `not_found`. */
export async function signOutMany(
  deps: SessionDeps,
  caller: Caller,
  request: BatchSignOutRequest,
  context: RequestContext,
): Promise<BatchSignedOut> {
  const bySession = request.sessionIds.map(async (sessionId) => {
    const isEnded = await endSession(deps, caller, sessionId, context).then(
      () => true,
      (error: unknown) => {
        if (error instanceof AppError && error.code === 'not_found') return false
        throw error
      },
    )
    return { sessionId, result: isEnded ? ('ended' as const) : ('not_found' as const), ended: isEnded ? 1 : 0 }
  })
  const byUser = request.userIds.map(async (userId) => {
    const ended = await endAccount(deps, caller, userId, undefined, context)
    return { userId, result: 'ended' as const, ended }
  })
  return { results: await Promise.all([...bySession, ...byUser]) }
}

// Reading retention, and legal holds: whatever the class says, what is held is not removed.
import type { RetentionView } from '../../contracts/retention.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import { callerFingerprint, traceOf } from '../verification/access.ts'
import { newRetention, requireKept } from './assign.ts'
import type { RetentionDeps } from './deps.ts'
import { retentionEvent } from './events.ts'
import { accessibleSubject } from './subject.ts'
import { sealReason, viewOf } from './view.ts'

/** Also of what was removed: then only that it was, and when. Throws `envelope_not_found` and `document_not_found`. */
export async function readRetention(deps: RetentionDeps, caller: Caller, id: string): Promise<RetentionView> {
  await accessibleSubject(deps, caller, id)
  return viewOf(deps.keyring, caller, id, await deps.retention.read(id))
}

/**
 * Holds an envelope or a document; once more replaces the reason. What has no class yet gets `permanent`, which it has until somebody (or the envelope's
 * completion) gives it another one. Throws `not_updatable` once it is being removed.
 */
export async function placeHold(
  deps: RetentionDeps,
  caller: Caller,
  id: string,
  reason: string,
  context: RequestContext,
): Promise<RetentionView> {
  await accessibleSubject(deps, caller, id)
  const trace = traceOf(deps, caller, context)
  const nowMs = deps.clock.nowMs()
  const hold = { atMs: nowMs, reason: sealReason(deps.keyring, id, reason), actor: callerFingerprint(deps, caller) }
  const eventOf = (version: number) => retentionEvent('legal_hold.placed', id, version, {}, trace, nowMs)
  await deps.retention.assign(id, (current) => (current ? null : newRetention(id, 'permanent', nowMs, trace, nowMs)))
  const record = await deps.retention.hold(id, hold, eventOf)
  requireKept(record)
  return viewOf(deps.keyring, caller, id, record)
}

/** Lifts it; twice is once. */
export async function liftHold(deps: RetentionDeps, caller: Caller, id: string, context: RequestContext): Promise<RetentionView> {
  await accessibleSubject(deps, caller, id)
  const nowMs = deps.clock.nowMs()
  const eventOf = (version: number) => retentionEvent('legal_hold.lifted', id, version, {}, traceOf(deps, caller, context), nowMs)
  return viewOf(deps.keyring, caller, id, await deps.retention.hold(id, null, eventOf))
}

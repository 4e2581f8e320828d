// Giving something its class of retention. Time is never taken away from what is kept already, unless an admin says so.
import type { RetentionView } from '../../contracts/retention.ts'
import { AppError, invalidField } from '../../errors.ts'
import { isPrivileged, type Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { NewRetention, RetentionRecord } from '../retention-ports.ts'
import type { Trace } from '../state-ports.ts'
import { traceOf } from '../verification/access.ts'
import { isRetentionClass, retentionClasses, retentionEnd, type RetentionClassName } from './classes.ts'
import type { RetentionDeps } from './deps.ts'
import { retentionEvent } from './events.ts'
import { accessibleSubject } from './subject.ts'
import { viewOf } from './view.ts'

/** A class from `startMs` on, with the event that tells of it, to be written with another change (an envelope's completion). */
export function newRetention(subject: string, name: RetentionClassName, startMs: number, trace: Trace, nowMs: number): NewRetention {
  const endsAtMs = retentionEnd(name, startMs)
  const data = { class: name, endsAt: endsAtMs === null ? 'never' : new Date(endsAtMs).toISOString() }
  return {
    subject,
    class: name,
    startsAtMs: startMs,
    endsAtMs,
    event: retentionEvent('retention.assigned', subject, 1, data, trace, nowMs),
  }
}

/**
 * The time runs from the first assignment (of an envelope: from its end) and not anew from each. Throws `invalid_request` for an unknown class, `step_not_open`
 * for an envelope that is still under way, `retention_shorter` when others than admins would shorten it, `not_updatable` once it is being removed.
 */
export async function assignRetention(
  deps: RetentionDeps,
  caller: Caller,
  id: string,
  name: string,
  context: RequestContext,
): Promise<RetentionView> {
  if (!isRetentionClass(name)) throw invalidField('/class', `must be one of ${Object.keys(retentionClasses).join(', ')}`)
  const subject = await accessibleSubject(deps, caller, id)
  if (subject.isUnderWay) throw new AppError('step_not_open', { detail: 'The envelope gets its class when it has ended.' })
  const nowMs = deps.clock.nowMs()
  const record = await deps.retention.assign(id, (current) => {
    requireKept(current)
    const next = newRetention(id, name, current?.startsAtMs ?? subject.endedAtMs ?? nowMs, traceOf(deps, caller, context), nowMs)
    if (current && isShorter(next, current) && !isPrivileged(caller)) throw new AppError('retention_shorter')
    return next
  })
  // Its removal may have begun in between.
  requireKept(record)
  return viewOf(deps.keyring, caller, id, record)
}

function isShorter({ endsAtMs }: Pick<RetentionRecord, 'endsAtMs'>, current: RetentionRecord): boolean {
  return endsAtMs !== null && (current.endsAtMs === null || endsAtMs < current.endsAtMs)
}

/** Throws `not_updatable` when the removal has begun. */
export function requireKept(record: RetentionRecord | null): void {
  if (record?.purgingAtMs !== undefined || (record && record.purgedAtMs !== null))
    throw new AppError('not_updatable', { detail: 'Its time is over, and its removal has begun.' })
}

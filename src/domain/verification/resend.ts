// One more message of the same code: same expiry, same budget of attempts.
import type { Channel, Verification } from '../../contracts/verification.ts'
import { AppError } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { AcceptDeps, ResendOutcome } from '../ports.ts'
import { accessibleRecord, traceOf } from './access.ts'
import { enqueueSoon } from './enqueue-soon.ts'
import { jobFor, sendRules } from './policy.ts'
import { cooldownError, endedError, tooManySendsError } from './refusals.ts'
import { viewOf } from './view.ts'

/** Queues another message. Throws `cooldown_active`, `max_sends_reached`, `channel_disabled`, or the error of an ended verification. */
export async function resendVerification(
  deps: AcceptDeps,
  caller: Caller,
  id: string,
  channel: Channel | undefined,
  context: RequestContext,
): Promise<Verification> {
  const record = await accessibleRecord(deps, caller, id)
  if (channel !== undefined && channel !== record.channel) {
    throw new AppError('channel_disabled', { faults: [{ pointer: '/channel', message: `only ${record.channel} is available` }] })
  }
  const nowMs = deps.clock.nowMs()
  const job = jobFor(record.channel, record.method)
  const outcome = await deps.verifications.resend({ id, job, ...traceOf(deps, caller, context), sends: sendRules, nowMs })
  if (outcome.kind === 'ended') throw endedError(outcome, nowMs)
  if (outcome.kind === 'refused') throw refusedError(outcome, record.expiresAtMs - nowMs)
  await enqueueSoon(deps, outcome.job)
  return viewOf(outcome.record, nowMs)
}

function refusedError({ code, retryAfterMs = 0 }: Extract<ResendOutcome, { kind: 'refused' }>, leftMs: number): AppError {
  if (code === 'cooldown_active') return cooldownError(retryAfterMs)
  return code === 'max_sends_reached' ? tooManySendsError(leftMs) : new AppError(code)
}

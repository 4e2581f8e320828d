// Ending a verification by wish: nothing that still waits is sent.
import type { Verification } from '../../contracts/verification.ts'
import { AppError } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { AcceptDeps } from '../ports.ts'
import { requireAccess, traceOf } from './access.ts'
import { endedError } from './refusals.ts'
import { viewOf } from './view.ts'

/** Cancels; a second time is harmless. Throws the error of the state when it had ended otherwise. */
export async function cancelVerification(deps: AcceptDeps, caller: Caller, id: string, context: RequestContext): Promise<Verification> {
  await requireAccess(deps, caller, id)
  const nowMs = deps.clock.nowMs()
  const outcome = await deps.verifications.cancel(id, traceOf(deps, caller, context), nowMs)
  if (outcome.kind === 'canceled') return viewOf(outcome.record, nowMs)
  throw outcome.kind === 'ended' ? endedError(outcome, nowMs) : new AppError(outcome.code)
}

// Reading a verification, at once or when it changes.
import type { Attempt, Verification } from '../../contracts/verification.ts'
import { AppError } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { AcceptDeps } from '../ports.ts'
import { accessibleRecord, requireAccess } from './access.ts'
import { attemptView, viewOf } from './view.ts'

/** The verification as of now. Throws `verification_not_found`. */
export async function getVerification(deps: AcceptDeps, caller: Caller, id: string): Promise<Verification> {
  return viewOf(await accessibleRecord(deps, caller, id), deps.clock.nowMs())
}

/** Wakes at least this often, since an event may be missed and time alone expires a verification. */
const longestSleepMs = 2_000

/** Waits until the sequence differs from the one given; null when it did not within `waitMs`, or when `signal` aborts. */
export async function waitForVerification(
  deps: AcceptDeps,
  caller: Caller,
  id: string,
  sequence: number,
  waitMs: number,
  signal: AbortSignal,
): Promise<Verification | null> {
  const untilMs = deps.clock.nowMs() + waitMs
  while (!signal.aborted) {
    // Watch first, read second: a change in between is seen by one of the two.
    const watch = deps.verifications.watch(id)
    try {
      const verification = await getVerification(deps, caller, id)
      if (verification.sequence !== sequence) return verification
      const leftMs = untilMs - deps.clock.nowMs()
      if (leftMs <= 0) return null
      await either(watch.changed, Math.min(leftMs, longestSleepMs), signal)
    } finally {
      watch.stop()
    }
  }
  return null
}

async function either(changed: Promise<void>, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, timeoutMs)
  signal.addEventListener('abort', () => resolve(), { once: true })
  // What was aborted before tells no listener.
  if (signal.aborted) resolve()
  await Promise.race([changed, promise])
  clearTimeout(timer)
}

/** Every message of a verification, oldest first. Throws `verification_not_found`. */
export async function listAttempts(deps: AcceptDeps, caller: Caller, id: string): Promise<{ nodes: Attempt[] }> {
  await requireAccess(deps, caller, id)
  const attempts = await deps.verifications.readAttempts(id)
  if (!attempts) throw new AppError('verification_not_found')
  return { nodes: attempts.map(attemptView) }
}

// How refusals of sends and checks look to a client: the rule that refused, and when to come back.
import type { VerificationStatus } from '../../contracts/verification.ts'
import { AppError, type ErrorCode } from '../../errors.ts'
import type { Ended } from '../ports.ts'
import { guessRules, sendRules } from './policy.ts'

const endedCodes: Partial<Record<VerificationStatus, ErrorCode>> = {
  approved: 'already_approved',
  expired: 'verification_expired',
  canceled: 'verification_canceled',
  max_attempts_reached: 'max_attempts_reached',
}

/** The error of whatever is tried on a verification that has ended. */
export function endedError({ status, expiresAtMs }: Ended, nowMs: number): AppError {
  const code = endedCodes[status] ?? 'verification_failed'
  if (code !== 'max_attempts_reached') return new AppError(code)
  const retryAfterMs = Math.max(0, expiresAtMs - nowMs)
  const limit = { name: 'wrong-codes', limit: 0, windowMs: retryAfterMs }
  return new AppError(code, { attemptsRemaining: 0, retryAfterMs, limit, detail: 'No attempt is left. Start a new verification.' })
}

/** Too many wrong codes for destination, purpose and caller, or too many in a row for the destination. */
export function wrongCodesError(retryAfterMs = guessRules.inARowKeptMs): AppError {
  return new AppError('max_attempts_reached', { attemptsRemaining: 0, retryAfterMs, limit: guessRules.perCaller })
}

/** The next message may be sent in `retryAfterMs`. */
export function cooldownError(retryAfterMs: number): AppError {
  return new AppError('cooldown_active', { retryAfterMs, limit: { name: 'cooldown', limit: 1, windowMs: retryAfterMs } })
}

/** No further message of this verification; `leftMs` is what is left of its time. */
export function tooManySendsError(leftMs: number): AppError {
  return new AppError('max_sends_reached', {
    retryAfterMs: leftMs,
    limit: { name: 'messages', limit: sendRules.maxSends, windowMs: leftMs },
  })
}

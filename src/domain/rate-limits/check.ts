// Limits as a service: other programs count their uses here, exactly, however many of them there are.
import type { RateLimitAnswer, RateLimitRequest } from '../../contracts/rate-limit.ts'
import type { Clock } from '../../lib/clock.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { callerKey, isPrivileged, type Caller } from '../caller.ts'
import type { ExactLimitStore } from '../session-ports.ts'

export type ExactLimitDeps = { clock: Clock; keyring: Keyring; exactLimits: ExactLimitStore }

/**
 * Counts one use of a key unless the limit is reached: in no window of that length are more than `limit` ever allowed. Servers and admins share their keys,
 * each user has its own.
 */
export async function checkRateLimit(
  deps: ExactLimitDeps,
  caller: Caller,
  { key, limit, window }: RateLimitRequest,
): Promise<RateLimitAnswer> {
  const whose = isPrivileged(caller) ? 'servers' : callerKey(caller)
  const print = deps.keyring.fingerprint('rate limit', JSON.stringify([whose, key]))
  const { isAllowed, used, resetAtMs } = await deps.exactLimits.use(print, limit, window * SECOND_MS, deps.clock.nowMs())
  return { allowed: isAllowed, remaining: Math.max(0, limit - used), resetAt: new Date(resetAtMs).toISOString() }
}

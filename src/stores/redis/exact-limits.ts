// Limits as a service, in Redis: every use is a moment in a sorted set, so that no window of the given length ever holds too many.
import type { ExactLimitStore } from '../../domain/session-ports.ts'
import { partitionOf } from '../../lib/partition.ts'
import { randomBytes } from '../../lib/random.ts'
import { keysOf } from './keys.ts'
import { script, type ScriptRunner } from './run-script.ts'
import { useLimitLua } from './scripts/login-attempts.ts'

const useLimit = script(useLimitLua)

export function createExactLimitStore(runner: ScriptRunner, partitions: number): ExactLimitStore {
  return {
    async use(key, limit, windowMs, nowMs) {
      const keys = keysOf(partitionOf(key, partitions))
      const use = randomBytes(9).toString('base64url')
      const reply = await runner.run(useLimit, [keys.exactLimit(key)], { limit, windowMs, use, nowMs })
      const [isAllowed, used = 0, resetAtMs = 0] = (reply as unknown[]).map(Number)
      return { isAllowed: isAllowed === 1, used, resetAtMs }
    },
  }
}

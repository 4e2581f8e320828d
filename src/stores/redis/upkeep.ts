// What the loops beside the jobs read and mend in Redis: intents that await inspection, records past their time, leases.
import type { UpkeepStore } from '../../domain/ports.ts'
import { partitionOfId } from '../../lib/ids.ts'
import { keysOf } from './keys.ts'
import { script, type ScriptRunner } from './run-script.ts'
import { abandonLua, expireLua, leaseLua } from './scripts/verification.ts'

const scripts = { abandon: script(abandonLua), expire: script(expireLua) }

export function createUpkeepStore(runner: ScriptRunner): UpkeepStore {
  return {
    async dueIntents(partition, limit, nowMs) {
      const keys = keysOf(partition)
      return runner.bounded(async () => {
        const jobIds = await runner.redis.zrangebyscore(keys.intents, '-inf', nowMs, 'LIMIT', 0, limit)
        if (jobIds.length === 0) return []
        const stored = await runner.redis.hmget(keys.intentJobs, ...jobIds)
        return jobIds.map((jobId, at) => ({ jobId, ...(JSON.parse(stored[at] ?? '{"name":""}') as { name: string; payload: unknown }) }))
      })
    },

    async postponeIntent(partition, jobId, atMs) {
      await runner.bounded(() => runner.redis.zadd(keysOf(partition).intents, 'XX', atMs, jobId))
    },

    async abandonAttempt(id, attempt, jobId, reason, nowMs) {
      const keys = keysOf(partitionOfId(id))
      await runner.run(scripts.abandon, [keys.verification(id)], { id, attempt, jobId, reason, nowMs, base: keys.base })
    },

    async expireDue(partition, limit, nowMs) {
      const keys = keysOf(partition)
      return Number(await runner.run(scripts.expire, [keys.due], { limit, nowMs, base: keys.base }))
    },

    async holdLease(name, owner, leaseMs) {
      const reply = await runner.bounded(() => runner.redis.eval(leaseLua, 1, keysOf(0).lease(name), owner, leaseMs))
      return reply === 1
    },
  }
}

// Where workers leave their metrics for the API's /metrics: one sealed-off JSON each, gone soon after its worker.
import { SECOND_MS } from '../../lib/durations.ts'
import { keysOf } from './keys.ts'
import type { ScriptRunner } from './run-script.ts'

const keptMs = 20 * SECOND_MS

export type WorkerMetricsStore = {
  /** Replaces what this worker said before. */
  publish(name: string, snapshot: string, nowMs: number): Promise<void>
  /** What every living worker said last. */
  read(nowMs: number): Promise<string[]>
}

export function createWorkerMetricsStore(runner: ScriptRunner): WorkerMetricsStore {
  const keys = keysOf(0)
  return {
    async publish(name, snapshot, nowMs) {
      await runner.bounded(() =>
        runner.redis.multi().set(keys.workerMetrics(name), snapshot, 'PX', keptMs).zadd(keys.workers, String(nowMs), name).exec(),
      )
    },

    async read(nowMs) {
      return runner.bounded(async () => {
        await runner.redis.zremrangebyscore(keys.workers, '-inf', String(nowMs - keptMs))
        const names = await runner.redis.zrange(keys.workers, '0', '-1')
        if (names.length === 0) return []
        const snapshots = await runner.redis.mget(...names.map((name) => keys.workerMetrics(name)))
        return snapshots.filter((snapshot) => snapshot !== null)
      })
    },
  }
}

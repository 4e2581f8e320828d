// Activity trails in Redis: a capped sorted set per user, and the numbers of each day.
import type { ActivityRecord, ActivityStore } from '../../domain/session-ports.ts'
import { DAY_MS } from '../../lib/durations.ts'
import { partitionOf } from '../../lib/partition.ts'
import { keysOf } from './keys.ts'
import { script, type ScriptRunner } from './run-script.ts'
import { appendActivityLua } from './scripts/activity.ts'

const append = script(appendActivityLua)
const daysKeptMs = 100 * DAY_MS

export function createActivityStore(runner: ScriptRunner, partitions: number): ActivityStore {
  const keysFor = (owner: string) => keysOf(partitionOf(owner, partitions))
  return {
    async append(owner, entry, { most, forMs }, nowMs) {
      const keys = keysFor(owner)
      const day = Math.floor(nowMs / DAY_MS)
      const names = [keys.activity(owner), keys.activityCount(owner), keys.activityDay(day), keys.activityUsers(day)]
      await runner.run(append, names, { ...entry, owner, most, forMs, daysKeptMs, nowMs })
    },

    async page(owner, before, limit) {
      const key = keysFor(owner).activity(owner)
      const newest = before === undefined ? '+inf' : `(${before}`
      return runner.bounded(async () => {
        const [flat, total] = await Promise.all([
          runner.redis.zrevrangebyscore(key, newest, '-inf', 'WITHSCORES', 'LIMIT', 0, limit),
          runner.redis.zcard(key),
        ])
        return { records: recordsOf(flat), total }
      })
    },

    async days(days, nowMs) {
      const today = Math.floor(nowMs / DAY_MS)
      return Promise.all(Array.from({ length: days }, (_, ago) => readDay(runner, partitions, today - ago)))
    },
  }
}

function recordsOf(flat: readonly string[]): ActivityRecord[] {
  const records: ActivityRecord[] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [id = '', atMs, ...sealed] = (flat[i] ?? '').split('|')
    records.push({ id, atMs: Number(atMs), order: Number(flat[i + 1]), sealed: sealed.join('|') })
  }
  return records
}

async function readDay(runner: ScriptRunner, partitions: number, day: number): Promise<Awaited<ReturnType<ActivityStore['days']>>[number]> {
  const all = Array.from({ length: partitions }, (_, partition) => keysOf(partition))
  const parts = await runner.bounded(() =>
    Promise.all(
      all.map((keys) => Promise.all([runner.redis.hgetall(keys.activityDay(day)), runner.redis.pfcount(keys.activityUsers(day))])),
    ),
  )
  const byActivity: Record<string, number> = {}
  let [entries, users] = [0, 0]
  for (const [numbers, seen] of parts) {
    // A user is in one partition only.
    users += seen
    for (const [field, value] of Object.entries(numbers)) {
      if (field === 'entries') entries += Number(value)
      else byActivity[field.slice(2)] = (byActivity[field.slice(2)] ?? 0) + Number(value)
    }
  }
  return { dayMs: day * DAY_MS, entries, users, byActivity }
}

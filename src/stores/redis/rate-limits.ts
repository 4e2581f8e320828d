// Limits in Redis: exact under concurrency, counted all or none within one partition.
import type { LimitRefusal, LimitRule, RateLimitStore } from '../../domain/ports.ts'
import { partitionOf } from '../../lib/partition.ts'
import { keysOf } from './keys.ts'
import { script, type ScriptRunner } from './run-script.ts'
import { takeLua } from './scripts/verification.ts'

const take = script(takeLua)

/** What a script says of the rules given to it: null, or the place of rule and window and the wait. */
export function refusalOf(rules: readonly LimitRule[], reply: readonly unknown[]): LimitRefusal {
  const [rule, window, retryAfterMs] = reply.map(Number)
  const refused = rules[rule ?? 0]?.windows[window ?? 0]
  if (!refused || retryAfterMs === undefined) throw new TypeError('a script refused by a rule that it was not given')
  return { window: refused, retryAfterMs }
}

/** Only what the Lua reads: names and subjects stay out of SLOWLOG and MONITOR. */
export function rulesForScript(rules: readonly LimitRule[]): unknown[] {
  return rules.map(({ style, windows }) => ({ style, windows: windows.map(({ limit, windowMs }) => ({ limit, windowMs })) }))
}

/** The rules of each partition, since one script sees one slot. */
export function limitsByPartition(rules: readonly LimitRule[], partitions: number): Map<number, LimitRule[]> {
  return Map.groupBy(rules, (rule) => partitionOf(rule.subject, partitions))
}

export function limitKeys(partition: number, rules: readonly LimitRule[]): string[] {
  return rules.map((rule) => keysOf(partition).limit(rule.kind, rule.subject))
}

/** Limits whose home is their own partition; with several partitions a refusal by one does not take back what another counted. */
export function createRateLimitStore(runner: ScriptRunner, partitions: number): RateLimitStore {
  return {
    async take(rules, useId, nowMs) {
      const groups = [...limitsByPartition(rules, partitions)]
      const replies = await Promise.all(
        groups.map(async ([partition, group]) => {
          const reply = await runner.run(take, limitKeys(partition, group), { limits: rulesForScript(group), useId, nowMs })
          return Array.isArray(reply) ? refusalOf(group, reply) : null
        }),
      )
      return replies.find((refusal) => refusal !== null) ?? null
    },
  }
}

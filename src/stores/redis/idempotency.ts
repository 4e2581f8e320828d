// Idempotency keys in Redis: one hash each, 24 hours, holding fingerprints and the sealed answer.
import type { IdempotencyStore } from '../../domain/ports.ts'
import { DAY_MS } from '../../lib/durations.ts'
import { partitionOf } from '../../lib/partition.ts'
import { keysOf } from './keys.ts'
import { script, type ScriptRunner } from './run-script.ts'
import { claimKeyLua } from './scripts/verification.ts'

const claimKey = script(claimKeyLua)

/** How long an answer is replayed (contract §1). */
export const idempotencyKeptMs = DAY_MS

/** The partition and key under which an idempotency key is kept. */
export function idempotencyKey(key: string, partitions: number): string {
  return keysOf(partitionOf(key, partitions)).idempotency(key)
}

export function createIdempotencyStore(runner: ScriptRunner, partitions: number): IdempotencyStore {
  return {
    async claim({ key, body }, id, leaseMs, nowMs) {
      const argument = { body, id, leaseMs, nowMs, keepMs: idempotencyKeptMs }
      const [kind, value] = (await runner.run(claimKey, [idempotencyKey(key, partitions)], argument)) as [string, string]
      switch (kind) {
        case 'claimed':
          return { kind, id: value }
        case 'replay':
          return { kind, sealedAnswer: value }
        case 'in_progress':
        case 'reused':
          return { kind }
        default:
          throw new TypeError('the script of idempotency keys answered with an unknown word')
      }
    },

    async settle({ key, alsoKey, body }, sealedAnswer) {
      const fields = { body, answer: sealedAnswer }
      await runner.bounded(() => runner.redis.hset(idempotencyKey(key, partitions), fields))
      if (alsoKey === undefined) return
      const second = idempotencyKey(alsoKey, partitions)
      await runner.bounded(() => runner.redis.multi().hset(second, fields).pexpire(second, idempotencyKeptMs).exec())
    },

    async release({ key }) {
      await runner.bounded(() => runner.redis.del(idempotencyKey(key, partitions)))
    },
  }
}

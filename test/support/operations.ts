// The engine of pending operations in process, on the test file's own Redis, with a clock that a test moves.
import { randomBytes } from 'node:crypto'
import { afterAll } from 'vitest'
import type { Caller } from '../../src/domain/caller.ts'
import type { PendingOperationDeps } from '../../src/domain/pending-operations/operation.ts'
import { Keyring } from '../../src/lib/keyring.ts'
import { createStateTokens } from '../../src/providers/tokens/state-tokens.ts'
import { closeRedis, openRedis, type RedisConnection } from '../../src/stores/redis/connections.ts'
import { createEventLog } from '../../src/stores/redis/event-log.ts'
import { createIdempotencyStore } from '../../src/stores/redis/idempotency.ts'
import { createRateLimitStore } from '../../src/stores/redis/rate-limits.ts'
import { ScriptRunner } from '../../src/stores/redis/run-script.ts'
import { createSpentIds } from '../../src/stores/redis/spent-ids.ts'
import { createStateStatistics } from '../../src/stores/redis/state-statistics.ts'
import { RedisStateStore } from '../../src/stores/redis/states.ts'

export const trace = { requestId: 'request-1', actor: 'actor-1' }
export const context = { requestId: 'request-1' }

export function userNamed(subject: string, more: { email?: string; roles?: string[] } = {}): Caller {
  return { kind: 'user', subject, roles: [], ...more }
}

export function newMasterKey(kid: string): string {
  return `${kid}:${randomBytes(32).toString('base64')}`
}

export type TestOperations = PendingOperationDeps & { redis: RedisConnection; time: { nowMs: number } }

/** Everything but HTTP; closed after the file. */
export function createOperations(
  redisUrl: string,
  options: { partitions?: number; keys?: string; listingsPerMinute?: number } = {},
): TestOperations {
  const { partitions = 1, keys = newMasterKey('k1'), listingsPerMinute = 0 } = options
  const redis = openRedis(redisUrl, 'patient', 'test', () => {})
  afterAll(() => closeRedis(redis))
  const runner = new ScriptRunner(redis, 5_000)
  const keyring = Keyring.parse(keys)
  const time = { nowMs: Date.now() }
  return {
    redis,
    time,
    clock: { nowMs: () => time.nowMs },
    keyring,
    policy: { partitions, requestsPerMinute: 0 },
    listingsPerMinute,
    states: new RedisStateStore(runner, partitions),
    spentIds: createSpentIds(runner),
    stateTokens: createStateTokens({ keyring, name: 'sallyport' }),
    stateStatistics: createStateStatistics(runner, partitions),
    stateFeed: { follow: () => () => {} },
    idempotency: createIdempotencyStore(runner, partitions),
    limits: createRateLimitStore(runner, partitions),
    events: createEventLog(runner),
  }
}

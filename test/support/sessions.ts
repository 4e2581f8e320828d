// The domain of sessions in process: real Redis and Postgres, with a clock that a test moves.
import { afterAll } from 'vitest'
import { createSessionParts, type SessionParts } from '../../src/bin/session-parts.ts'
import type { Caller, TokenFacts } from '../../src/domain/caller.ts'
import type { SessionTelemetry } from '../../src/domain/session-ports.ts'
import type { SessionDeps } from '../../src/domain/sessions/deps.ts'
import type { SessionUuidDeps } from '../../src/domain/sessions/uuids.ts'
import { Keyring } from '../../src/lib/keyring.ts'
import { createPool, type Pool } from '../../src/stores/postgres/pool.ts'
import { closeRedis, openRedis, type RedisConnection } from '../../src/stores/redis/connections.ts'
import { createRateLimitStore } from '../../src/stores/redis/rate-limits.ts'
import { ScriptRunner } from '../../src/stores/redis/run-script.ts'
import { generateSecrets } from '../../src/standins/dev-secrets.ts'
import { createManualClock, type ManualClock } from './domain.ts'
import { createTestDatabase, createTestRedis, until } from './infra.ts'

export type TestSessions = SessionParts &
  Omit<SessionDeps, keyof SessionParts | 'proofs' | 'verifications' | 'verifyJwt'> &
  SessionUuidDeps & {
    clock: ManualClock
    redis: RedisConnection
    redisUrl: string
    runner: ScriptRunner
    pool: Pool
    /** What was reported, in order: `sessionChanged created`, `cacheRead jwks redis` and so on. */
    told: string[]
    /** Every event of every partition, oldest first. */
    events(): Promise<Record<string, string>[]>
  }

export type SessionOptions = { partitions?: number; masterKeys?: string; redisUrl?: string; databaseUrl?: string; clock?: ManualClock }

/** Builds the parts on a Redis and a Postgres database of the file's own (or those given); closed after the file. */
export async function createSessions(options: SessionOptions = {}): Promise<TestSessions> {
  const partitions = options.partitions ?? 1
  const redisUrl = options.redisUrl ?? (await createTestRedis())
  const redis = openRedis(redisUrl, 'impatient', 'test', () => {})
  const pool = createPool(options.databaseUrl ?? (await createTestDatabase()), () => {}, 4)
  afterAll(async () => {
    closeRedis(redis)
    await pool.end()
  })
  await until(() => redis.status === 'ready')
  const clock = options.clock ?? createManualClock()
  const keyring = Keyring.parse(options.masterKeys ?? generateSecrets().MASTER_KEYS)
  const runner = new ScriptRunner(redis, 5_000)
  const told: string[] = []
  const tell =
    (what: string) =>
    (...words: unknown[]): void =>
      void told.push([what, ...words].join(' '))
  const telemetry: SessionTelemetry & { cacheRead: (cache: string, outcome: string) => void } = {
    sessionChanged: tell('sessionChanged'),
    tokenChecked: tell('tokenChecked'),
    loginTold: tell('loginTold'),
    unusual: tell('unusual'),
    cacheRead: tell('cacheRead'),
  }
  const parts = createSessionParts({ runner, pool, tail: { follow: () => () => {} }, partitions, clock, keyring, telemetry })
  const events = async (): Promise<Record<string, string>[]> => {
    const streams = await Promise.all(
      Array.from({ length: partitions }, (_, partition) => redis.xrange(`{p${partition}}:events`, '-', '+')),
    )
    return streams
      .flat()
      .map(([, flat]) => Object.fromEntries(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]])))
  }
  const limits = createRateLimitStore(runner, partitions)
  return { ...parts, clock, keyring, policy: { partitions }, limits, redis, redisUrl, runner, pool, told, events }
}

export const context = { requestId: 'req-1' }

/** A user with a token, as the API names it. */
export function user(
  subject: string,
  token: Partial<TokenFacts> = {},
  more: { email?: string; roles?: string[]; network?: string } = {},
): Caller {
  const { roles = [], ...rest } = more
  return {
    kind: 'user',
    subject,
    roles,
    ...rest,
    token: { tokenId: 'jti 1', issuedAtMs: Date.now() - 60_000, expiresAtMs: Date.now() + 3_600_000, ...token },
  }
}

export const server: Caller = { kind: 'api-key', keyId: 'key_test', scopes: [] }

// The trail in process for tests: event streams on a real Redis, drains and audit on a real Postgres, checkpoints and archives in a folder of their own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { createAuditParts, createSinks, type AuditParts } from '../../src/bin/event-parts.ts'
import type { DrainName, DrainSink, EventStreams } from '../../src/domain/event-ports.ts'
import type { EventLog } from '../../src/domain/ports.ts'
import { Keyring } from '../../src/lib/keyring.ts'
import { Secret } from '../../src/lib/secret.ts'
import { createLog } from '../../src/log.ts'
import { generateSecrets } from '../../src/standins/dev-secrets.ts'
import { createPool, type Pool } from '../../src/stores/postgres/pool.ts'
import { closeRedis, openRedis, type RedisConnection } from '../../src/stores/redis/connections.ts'
import { createEventStreams } from '../../src/stores/redis/event-drain.ts'
import { createEventLog } from '../../src/stores/redis/event-log.ts'
import { ScriptRunner } from '../../src/stores/redis/run-script.ts'
import { drainOnce, type DrainDeps } from '../../src/workers/loops/event-drain.ts'
import { createTestDatabase, createTestRedis, until } from './infra.ts'

export type TestTrail = AuditParts & {
  redis: RedisConnection
  pool: Pool
  databaseUrl: string
  folder: string
  keyring: Keyring
  streams: EventStreams
  events: EventLog
  sinks: Record<DrainName, DrainSink>
  drainDeps(name: DrainName, replace?: Partial<DrainDeps>): DrainDeps
  /** Writes `count` events to partition 0, in order. */
  write(count: number, type?: string): Promise<void>
  /** Drains until nothing is left. */
  drain(name?: DrainName): Promise<void>
  /** Runs SQL as somebody would who may do everything: no trigger stops it. */
  tamper(sql: string, values?: readonly unknown[]): Promise<void>
}

const silent = createLog('test', 'silent')
let written = 0

/** Everything ends with the test file. */
export async function createTrail({ partitions = 1, databaseUrl }: { partitions?: number; databaseUrl?: string } = {}): Promise<TestTrail> {
  const url = databaseUrl ?? (await createTestDatabase())
  const pool = createPool(url, () => {})
  const redis = openRedis(await createTestRedis(), 'impatient', 'test', () => {})
  await until(() => redis.status === 'ready')
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-audit-'))
  const secrets = generateSecrets()
  const keyring = Keyring.parse(secrets.MASTER_KEYS)
  const runner = new ScriptRunner(redis, 5_000)
  const streams = createEventStreams(runner)
  const events = createEventLog(runner)
  const sinks = createSinks(pool, keyring)
  const drainDeps: TestTrail['drainDeps'] = (name, replace) => ({ name, streams, sink: sinks[name], partitions, log: silent, ...replace })
  afterAll(async () => {
    closeRedis(redis)
    await pool.end()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    ...(await createAuditParts(pool, folder, new Secret(secrets.PROOF_KEY))),
    redis,
    pool,
    databaseUrl: url,
    folder,
    keyring,
    streams,
    events,
    sinks,
    drainDeps,
    write: async (count, type = 'thing.happened') => {
      const batch = Array.from({ length: count }, () => ({
        type,
        subject: `thing:${++written}`,
        sequence: written,
        data: { n: String(written) },
      }))
      await events.append(0, batch, { requestId: 'req', actor: 'actor' }, Date.now())
    },
    drain: async (name = 'audit') => {
      while (await drainOnce(drainDeps(name)));
    },
    tamper: async (sql, values = []) => {
      const client = await pool.connect()
      try {
        await client.query('set session_replication_role = replica')
        await client.query(sql, [...values])
      } finally {
        await client.query('set session_replication_role = default')
        client.release()
      }
    },
  }
}

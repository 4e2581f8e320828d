// One Redis and one Postgres for the whole run, in a folder of its own that goes with it. What a test file gets of them is infra.ts's.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'
import { findFreePort } from '../../src/lib/ports.ts'
import { noteRunning } from '../../src/lib/running.ts'
import { generateSecrets } from '../../src/standins/dev-secrets.ts'
import { startPostgres } from '../../src/standins/postgres.ts'
import { startRedis } from '../../src/standins/redis.ts'
import { migrate } from '../../src/stores/postgres/migrate.ts'

export type SharedParts = { redisUrl: string; redisDatabases: number; postgresUrl: string; templateDatabase: string }

declare module 'vitest' {
  interface ProvidedContext {
    shared: SharedParts
  }
}

const redisDatabases = 1_024
const templateDatabase = 'sallyport_template'
// Tests lose nothing that they would miss when the machine does.
const fastPostgres = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']

/** Starts both, and returns what stops them. Should this process be killed, their guards stop them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const noteTaken = noteRunning()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-test-'))
  // The user that runs Postgres when we are root has to pass through.
  chmodSync(folder, 0o711)
  const { redisPassword, postgresPassword } = generateSecrets()
  const [redisPort, postgresPort] = [await findFreePort(), await findFreePort()]
  const [redis, postgres] = await Promise.all([
    startRedis({ dataDir: join(folder, 'redis'), port: redisPort, password: redisPassword, databases: redisDatabases }),
    startPostgres({ dataDir: join(folder, 'postgres'), port: postgresPort, password: postgresPassword, settings: fastPostgres }),
  ])
  const client = new Client({ connectionString: postgres.url })
  await client.connect()
  await client.query(`create database ${templateDatabase}`)
  await client.end()
  await migrate(postgres.url.replace(/\/postgres$/, `/${templateDatabase}`))
  project.provide('shared', { redisUrl: redis.url, redisDatabases, postgresUrl: postgres.url, templateDatabase })
  return async () => {
    await Promise.all([redis.stop(), postgres.stop()])
    rmSync(folder, { recursive: true, force: true })
    noteTaken()
  }
}

// What the audit trail costs: events drained and verified per second, and the memory that verifying takes at different lengths. Verification is the operator's own
// command in a process of its own, so that its memory is its own.
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { createAuditParts, createSinks } from '../src/bin/event-parts.ts'
import { latestCheckpoint, writeCheckpoint } from '../src/domain/audit/checkpoints.ts'
import { systemClock as clock } from '../src/lib/clock.ts'
import { Keyring } from '../src/lib/keyring.ts'
import { findFreePort } from '../src/lib/ports.ts'
import { projectRoot } from '../src/lib/run-file.ts'
import { Secret } from '../src/lib/secret.ts'
import { createLog } from '../src/log.ts'
import { generateSecrets } from '../src/standins/dev-secrets.ts'
import { startPostgres } from '../src/standins/postgres.ts'
import { startRedis } from '../src/standins/redis.ts'
import { migrate } from '../src/stores/postgres/migrate.ts'
import { createPool } from '../src/stores/postgres/pool.ts'
import { closeRedis, openRedis } from '../src/stores/redis/connections.ts'
import { createEventStreams } from '../src/stores/redis/event-drain.ts'
import { createEventLog } from '../src/stores/redis/event-log.ts'
import { ScriptRunner } from '../src/stores/redis/run-script.ts'
import { drainOnce } from '../src/workers/loops/event-drain.ts'

const lengths = (process.argv[2] ?? '1000,10000,100000').split(',').map(Number)
const batch = 1_000
/** So that what is measured is what verifying needs, and not how much garbage V8 lets lie when there is room. */
const smallHeap = ['--max-old-space-size=64', '--max-semi-space-size=4']

const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
chmodSync(folder, 0o711)
const auditDir = join(folder, 'audit')
mkdirSync(auditDir)
const { redisPassword, postgresPassword, ...secrets } = generateSecrets()
const [redisPort, postgresPort] = [await findFreePort(), await findFreePort()]
const [redis, postgres] = await Promise.all([
  startRedis({ dataDir: join(folder, 'redis'), port: redisPort, password: redisPassword }),
  startPostgres({ dataDir: join(folder, 'postgres'), port: postgresPort, password: postgresPassword }),
])
const connection = openRedis(redis.url, 'patient', 'bench', () => {})
const runner = new ScriptRunner(connection, Infinity)
const events = createEventLog(runner)
const streams = createEventStreams(runner)
let written = 0
try {
  process.stdout.write('| entries | drained/s | verified/s | memory at most |\n| --- | --- | --- | --- |\n')
  for (const length of lengths) process.stdout.write(`${await measure(length)}\n`)
} finally {
  closeRedis(connection)
  await Promise.all([redis.stop(), postgres.stop()])
  rmSync(folder, { recursive: true, force: true })
}

/** A database of its own for each length; the command verifies it three times and the best run counts. */
async function measure(length: number): Promise<string> {
  const databaseUrl = await createDatabase(`bench_${length}`)
  const pool = createPool(databaseUrl, () => {}, 2)
  await connection.flushall()
  rmSync(auditDir, { recursive: true })
  mkdirSync(auditDir)
  for (let left = length; left > 0; left -= batch) await write(Math.min(batch, left))
  const deps = {
    name: 'audit' as const,
    streams,
    sink: createSinks(pool, Keyring.parse(secrets.MASTER_KEYS)).audit,
    partitions: 1,
    log: createLog('bench', 'silent'),
  }
  const startedAt = performance.now()
  while (await drainOnce(deps));
  const drainedPerSecond = Math.round(length / ((performance.now() - startedAt) / 1_000))
  const parts = await createAuditParts(pool, auditDir, new Secret(secrets.PROOF_KEY))
  await writeCheckpoint({ ...parts, clock }, await latestCheckpoint(parts))
  const runs = [await verify(databaseUrl), await verify(databaseUrl), await verify(databaseUrl)]
  await pool.end()
  return `| ${length} | ${drainedPerSecond} | ${Math.max(...runs.map(({ perSecond }) => perSecond))} | ${Math.max(...runs.map(({ megabytes }) => megabytes))} MB |`
}

async function createDatabase(name: string): Promise<string> {
  const client = new Client({ connectionString: postgres.url })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  const url = postgres.url.replace(/\/postgres$/, `/${name}`)
  await migrate(url)
  return url
}

async function write(count: number): Promise<void> {
  const list = Array.from({ length: count }, () => ({
    type: 'verification.queued',
    subject: `verification:ver_${String(++written).padStart(32, '0')}`,
    sequence: 1,
    data: { status: 'queued', purpose: 'phone_verification', channel: 'sms' },
  }))
  await events.append(0, list, { requestId: `req_${written}`, actor: 'K7c3dXb1fP0q2mZ8sT5uVw' }, Date.now())
}

async function verify(databaseUrl: string): Promise<{ perSecond: number; megabytes: number }> {
  const env = { PATH: process.env.PATH, ...secrets, DATABASE_URL: databaseUrl, AUDIT_DIR: auditDir }
  const { stderr } = await promisify(execFile)(process.execPath, [...smallHeap, join(projectRoot, 'src/bin/cli.ts'), 'audit', 'verify'], {
    env,
  })
  const [, perSecond, megabytes] = /\((\d+)\/s\), (\d+) MB/.exec(stderr) ?? []
  if (!stderr.includes('whole') || !stderr.includes('1 checkpoints agree')) throw new Error(stderr)
  return { perSecond: Number(perSecond), megabytes: Number(megabytes) }
}

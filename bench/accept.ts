// What accepting a verification costs: the whole of it (limits, state, index, event, intent, job) beside bare Express 5 + Queue.add and beside the
// textbook way, interleaved in one run on one machine. Ratios are what counts; the machine's own speed moves.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { Redis } from 'ioredis'
import { spawnGuarded, type GuardedProcess } from '../src/lib/guarded-process.ts'
import { findFreePort } from '../src/lib/ports.ts'
import { projectRoot } from '../src/lib/run-file.ts'
import { generateSecrets } from '../src/standins/dev-secrets.ts'
import { startRedis } from '../src/standins/redis.ts'

const rounds = Number(process.argv[2] ?? 5)
const seconds = 5
const connections = 100

type Contender = { name: string; port: number; process: GuardedProcess }
type Slot = { perSecond: number; p99Ms: number; failed: number }

const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
const redis = await startRedis({ dataDir: folder, port: await findFreePort(), password: 'bench' })
const client = new Redis(redis.url)
const processes: GuardedProcess[] = []
/** Counts requests over all slots: no destination and no network comes twice. */
let serial = 0
try {
  const contenders = [
    await startOurs(),
    await startOther('Express 5 + Queue.add', 'bench/servers/bare.ts'),
    await startOther('textbook, provider 150 ms', 'bench/servers/textbook.ts'),
  ]
  const slots = new Map<string, Slot[]>(contenders.map(({ name }) => [name, []]))
  for (const contender of contenders) await measure(contender, 2)
  for (let round = 0; round < rounds; round++) {
    // The order rotates, so that none always comes first.
    for (let at = 0; at < contenders.length; at++) {
      const contender = contenders[(at + round) % contenders.length]
      if (!contender) continue
      slots.get(contender.name)?.push(await measure(contender, seconds))
      await client.flushall()
    }
    process.stdout.write(`round ${round + 1} of ${rounds}\n`)
  }
  report(slots)
} finally {
  await Promise.all(processes.map((child) => child.kill()))
  client.disconnect()
  await redis.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function startOurs(): Promise<Contender> {
  const { redisPassword: _redis, postgresPassword: _postgres, ...secrets } = generateSecrets()
  const port = await findFreePort()
  const env = {
    ...secrets,
    NODE_ENV: 'test',
    LOG_LEVEL: 'warn',
    PORT: String(port),
    REDIS_URL: redis.url,
    // Accepting needs no Postgres; nothing listens there.
    DATABASE_URL: 'postgres://127.0.0.1:1/none',
    // Every request comes from a network of its own, as end users do.
    TRUST_PROXY: 'loopback',
    DATA_DIR: '/nonexistent',
  }
  const child = await start('src/bin/api.ts', [], env)
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null)
    if (answer?.ok) return { name: 'Sallyport', port, process: child }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function startOther(name: string, file: string): Promise<Contender> {
  const port = Promise.withResolvers<number>()
  const child = await start(file, [redis.url], {}, (line) => {
    const said = /listening on (\d+)/.exec(line)?.[1]
    if (said) port.resolve(Number(said))
  })
  return { name, port: await port.promise, process: child }
}

async function start(
  file: string,
  args: string[],
  env: Record<string, string>,
  onLine: (line: string) => void = () => {},
): Promise<GuardedProcess> {
  const { PATH = '', HOME = '' } = process.env
  const child = await spawnGuarded(process.execPath, [join(projectRoot, file), ...args], {
    cwd: projectRoot,
    env: { PATH, HOME, ...env },
    ipc: true,
    onLine,
  })
  processes.push(child)
  return child
}

async function measure({ port }: Contender, durationSeconds: number): Promise<Slot> {
  const result = await autocannon({
    url: `http://127.0.0.1:${port}`,
    connections,
    duration: durationSeconds,
    requests: [
      {
        method: 'POST',
        path: '/v1/verifications',
        headers: { 'content-type': 'application/json' },
        setupRequest: (request) => {
          serial++
          const network = `10.${(serial >> 16) & 255}.${(serial >> 8) & 255}.${serial & 255}`
          const body = JSON.stringify({ channel: 'email', to: `person-${serial}@example.com` })
          return { ...request, body, headers: { ...request.headers, 'x-forwarded-for': network } }
        },
      },
    ],
  })
  return { perSecond: result.requests.average, p99Ms: result.latency.p99, failed: result.non2xx + result.errors }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

function report(slots: ReadonlyMap<string, readonly Slot[]>): void {
  const base = slots.get('Express 5 + Queue.add') ?? []
  process.stdout.write(
    `\nnode ${process.version}, ${connections} connections, ${rounds} interleaved rounds of ${seconds} s, AOF everysec, no worker\n\n`,
  )
  process.stdout.write(
    '| | requests/s (median) | p99 ms (median) | ratio to bare (median of rounds) | failed |\n| --- | --- | --- | --- | --- |\n',
  )
  for (const [name, of] of slots) {
    const ratio = median(of.map(({ perSecond }, round) => perSecond / (base[round]?.perSecond ?? Number.NaN)))
    const failed = of.reduce((sum, slot) => sum + slot.failed, 0)
    process.stdout.write(
      `| ${name} | ${Math.round(median(of.map((slot) => slot.perSecond)))} | ${median(of.map((slot) => slot.p99Ms))} | ${ratio.toFixed(2)} | ${failed} |\n`,
    )
  }
}

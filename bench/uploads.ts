// What taking bytes costs: eight uploads at once, beside a raw Node stream to disk and beside @tus/server as it ships, interleaved in one run on one machine;
// and whether the memory of our API stays flat when files grow. Only ours makes the bytes durable (fdatasync) before it counts them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { spawnGuarded, type GuardedProcess } from '../src/lib/guarded-process.ts'
import { findFreePort } from '../src/lib/ports.ts'
import { projectRoot } from '../src/lib/run-file.ts'
import { generateSecrets } from '../src/standins/dev-secrets.ts'
import { startRedis } from '../src/standins/redis.ts'

const MIB = 1_048_576
const rounds = Number(process.argv[2] ?? 5)
const parallel = 8
const fileBytes = 64 * MIB

type Contender = { name: string; start: () => Promise<Running> }
type Running = { port: number; path: string; headers: Record<string, string>; child: GuardedProcess }
type Slot = { mibPerSecond: number; peakRssMib: number }

const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
const redis = await startRedis({ dataDir: join(folder, 'redis'), port: await findFreePort(), password: 'bench' })
const processes = new Set<GuardedProcess>()
const block = Buffer.alloc(MIB, 'The quick brown fox jumps over the lazy dog.\n')
try {
  const contenders: Contender[] = [
    { name: 'raw stream to disk', start: () => startOther('bench/servers/raw-upload.ts') },
    { name: 'raw stream to disk, synced', start: () => startOther('bench/servers/raw-upload.ts', 'sync') },
    { name: '@tus/server + file-store', start: () => startOther('bench/servers/tus-server.ts') },
    { name: 'Sallyport', start: startOurs },
  ]
  const slots = new Map<string, Slot[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    // The order rotates, so that none always comes first.
    for (let at = 0; at < contenders.length; at++) {
      const contender = contenders[(at + round) % contenders.length]
      if (contender) slots.get(contender.name)?.push(await measure(contender, fileBytes))
    }
    process.stdout.write(`round ${round + 1} of ${rounds}\n`)
  }
  report(slots)
  await reportMemory(contenders)
} finally {
  await Promise.all([...processes].map((child) => child.kill()))
  await redis.stop()
  rmSync(folder, { recursive: true, force: true })
}

/** Eight uploads at once by a fresh process; its files are gone afterwards. */
async function measure(contender: Contender, bytes: number): Promise<Slot> {
  const running = await contender.start()
  await upload(running, MIB)
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: parallel }, () => upload(running, bytes)))
  const seconds = (performance.now() - startedAt) / 1_000
  const peakRssMib = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${running.child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024
  await running.child.kill()
  processes.delete(running.child)
  for (const name of ['other', 'ours']) rmSync(join(folder, name), { recursive: true, force: true })
  return { mibPerSecond: (parallel * bytes) / MIB / seconds, peakRssMib }
}

async function upload({ port, path, headers }: Running, bytes: number): Promise<void> {
  const common = { 'tus-resumable': '1.0.0', ...headers }
  const metadata = `filename ${Buffer.from('fox.txt').toString('base64')}`
  const created = await send(
    port,
    'POST',
    path,
    { ...common, 'upload-length': String(bytes), 'upload-metadata': metadata, 'content-length': '0' },
    0,
  )
  const location = new URL(created.location, `http://127.0.0.1:${port}`).pathname
  const sent = await send(
    port,
    'PATCH',
    location,
    { ...common, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream', 'content-length': String(bytes) },
    bytes,
  )
  if (created.status !== 201 || sent.status !== 204) throw new Error(`answers ${created.status} and ${sent.status}`)
}

function send(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string>,
  bytes: number,
): Promise<{ status: number; location: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; location: string }>()
  const req = request({ host: '127.0.0.1', port, method, path, headers }, (res) => {
    res.resume()
    res.once('end', () => resolve({ status: res.statusCode ?? 0, location: res.headers.location ?? '' }))
  })
  req.once('error', reject)
  let left = bytes
  const push = (): void => {
    while (left > 0) {
      const piece = block.subarray(0, Math.min(left, block.length))
      left -= piece.length
      if (!req.write(piece) && left > 0) return void req.once('drain', push)
    }
    req.end()
  }
  push()
  return promise
}

async function startOurs(): Promise<Running> {
  const { redisPassword: _redis, postgresPassword: _postgres, ...secrets } = generateSecrets()
  const port = await findFreePort()
  const env = {
    ...secrets,
    NODE_ENV: 'test',
    LOG_LEVEL: 'warn',
    PORT: String(port),
    REDIS_URL: redis.url,
    // Taking bytes needs no Postgres; nothing listens there.
    DATABASE_URL: 'postgres://127.0.0.1:1/none',
    JWT_ISSUER: 'bench',
    JWT_AUDIENCE: 'bench',
    RATE_LIMIT_PER_MINUTE: '0',
    DATA_DIR: join(folder, 'ours'),
  }
  const child = await start('src/bin/api.ts', [], env)
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('bench')
    .setIssuer('bench')
    .setAudience('bench')
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secrets.JWT_SECRET))
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null)
    if (answer?.ok) return { port, path: '/v1/uploads', headers: { authorization: `Bearer ${token}` }, child }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function startOther(file: string, mode = ''): Promise<Running> {
  const { mkdirSync } = await import('node:fs')
  mkdirSync(join(folder, 'other'), { recursive: true })
  const port = Promise.withResolvers<number>()
  const child = await start(file, [join(folder, 'other'), mode], {}, (line) => {
    const said = /listening on (\d+)/.exec(line)?.[1]
    if (said) port.resolve(Number(said))
  })
  return { port: await port.promise, path: '/files', headers: {}, child }
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
  processes.add(child)
  return child
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}

function report(slots: ReadonlyMap<string, readonly Slot[]>): void {
  const base = slots.get('raw stream to disk') ?? []
  process.stdout.write(`\nnode ${process.version}, ${parallel} uploads of ${fileBytes / MIB} MiB at once, ${rounds} interleaved rounds\n\n`)
  process.stdout.write(
    '| | MiB/s (median) | ratio to raw (median of rounds) | peak RSS MiB (median) | durable when answered |\n| --- | --- | --- | --- | --- |\n',
  )
  for (const [name, of] of slots) {
    const ratio = median(of.map(({ mibPerSecond }, round) => mibPerSecond / (base[round]?.mibPerSecond ?? Number.NaN)))
    const cells = [
      Math.round(median(of.map((slot) => slot.mibPerSecond))),
      ratio.toFixed(2),
      Math.round(median(of.map((slot) => slot.peakRssMib))),
      name === 'Sallyport' || name.endsWith('synced') ? 'yes' : 'no',
    ]
    process.stdout.write(`| ${name} | ${cells.join(' | ')} |\n`)
  }
}

/** Files of growing size, each by a fresh process. */
async function reportMemory(contenders: readonly Contender[]): Promise<void> {
  const sizes = [16, 64, 256]
  process.stdout.write(
    `\n| peak RSS MiB at ${parallel} files of | ${sizes.map((size) => `${size} MiB`).join(' | ')} |\n| --- | ${sizes.map(() => '---').join(' | ')} |\n`,
  )
  for (const contender of contenders) {
    const peaks: number[] = []
    for (const size of sizes) peaks.push(Math.round((await measure(contender, size * MIB)).peakRssMib))
    process.stdout.write(`| ${contender.name} | ${peaks.join(' | ')} |\n`)
  }
}

// `npm start` over its life: it runs everything, keeps its data, refuses to run twice, and leaves nothing behind however it ends.
import { execFile, execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findFreePort } from '../../src/lib/ports.ts'
import { commandOf, readPid } from '../../src/lib/process-table.ts'
import { listen } from '../../src/standins/http-server.ts'
import { until } from '../support/infra.ts'
import { spawnNode, type SpawnedNode } from '../support/processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-dev-'))
const dataDir = join(folder, 'data')
const startWithinMs = 60_000
let port: number

beforeAll(async () => {
  chmodSync(folder, 0o711)
  port = await findFreePort()
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function startDev(replace: Record<string, string> = {}): Promise<SpawnedNode> {
  return spawnNode('src/bin/dev.ts', { DATA_DIR: dataDir, PORT: String(port), LOG_LEVEL: 'info', ...replace })
}

function runFile(): Record<string, string> {
  const lines = readFileSync(join(dataDir, 'run.env'), 'utf8').trim().split('\n')
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

/** Process ids of the embedded servers. */
function embedded(): number[] {
  return [join(dataDir, 'redis', 'redis.pid'), join(dataDir, 'postgres', 'data', 'postmaster.pid')].flatMap((file) => readPid(file) ?? [])
}

const isGone = (pid: number): boolean => commandOf(pid) === ''

test('it starts, its example ends in an approved code, and a stop takes everything with it', { timeout: 120_000 }, async ({ skip }) => {
  const dev = await startDev()
  await dev.line(/^ready in/, startWithinMs)
  expect(statSync(join(dataDir, 'run.env')).mode & 0o777).toBe(0o600)
  expect(runFile()).toMatchObject({ NPM_START_PID: String(dev.pid), PUBLIC_URL: `http://localhost:${port}` })
  const servers = embedded()
  expect(servers).toHaveLength(2)

  const twice = await startDev({ PORT: String(await findFreePort()) })
  await twice.line(new RegExp(`as process ${dev.pid}`))
  expect(await twice.exited).toMatchObject({ code: 1 })

  const hasCurl = spawnsCurl()
  if (hasCurl) {
    await dev.line(/; echo$/)
    const example = dev.lines.slice(
      dev.lines.findIndex((line) => line.startsWith('to=')),
      dev.lines.findIndex((line) => line.endsWith('; echo')) + 1,
    )
    const { stdout } = await promisify(execFile)('sh', ['-c', example.join('\n')], { timeout: 30_000 })
    expect(JSON.parse(stdout)).toMatchObject({ valid: true, verification: { status: 'approved' } })
  }

  await dev.stop(30_000)
  expect(servers.filter((pid) => !isGone(pid))).toEqual([])
  expect([existsSync(join(dataDir, 'run.env')), existsSync(join(dataDir, 'dev.pid'))]).toEqual([false, false])
  skip(!hasCurl, 'the example needs curl')
})

test(
  'killed with -9 it leaves no server running, and the next start has the same addresses and secrets',
  { timeout: 120_000 },
  async () => {
    const first = await startDev()
    await first.line(/^ready in/, startWithinMs)
    const { NPM_START_PID: _first, ...before } = runFile()
    const servers = embedded()
    await first.kill()
    await until(() => servers.every(isGone))
    const second = await startDev()
    await second.line(/^ready in/, startWithinMs)
    const { NPM_START_PID: _second, ...after } = runFile()
    expect(after).toEqual(before)
    await second.stop(30_000)
  },
)

test('a store that was killed is started again, and a later stop is as clean as any', { timeout: 120_000 }, async () => {
  const dev = await startDev()
  await dev.line(/^ready in/, startWithinMs)
  const pidFile = join(dataDir, 'redis', 'redis.pid')
  const killed = readPid(pidFile) ?? 0
  process.kill(killed, 'SIGKILL')
  const again = await until(
    () => {
      const pid = readPid(pidFile)
      return pid !== killed && pid !== undefined && commandOf(pid).includes('redis-server') ? pid : undefined
    },
    { timeoutMs: 30_000 },
  )
  const servers = [again, ...embedded()]
  process.kill(dev.pid, 'SIGINT')
  expect(await dev.exited).toMatchObject({ code: 0 })
  expect(dev.lines).toContain('stopped')
  expect(servers.filter((pid) => !isGone(pid))).toEqual([])
  expect(existsSync(join(dataDir, 'run.env'))).toBe(false)
})

test('a busy port is an error that names it and says what to do', async () => {
  const taken = await listen(createServer(), 0)
  const dev = await startDev({ PORT: String(taken.port) })
  await dev.line(new RegExp(`port ${taken.port} is taken.*PORT=`))
  expect(await dev.exited).toMatchObject({ code: 1 })
  await taken.stop()
})

test('in production it starts nothing and says what to run instead', async () => {
  const dev = await startDev({ NODE_ENV: 'production', DATA_DIR: join(folder, 'untouched') })
  await dev.line(/npm run api/)
  expect(await dev.exited).toMatchObject({ code: 1 })
  expect(existsSync(join(folder, 'untouched'))).toBe(false)
})

function spawnsCurl(): boolean {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

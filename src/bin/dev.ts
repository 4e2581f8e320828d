// `npm start`: everything on one machine, for development. Starts what has no setting of its own, then the API and two workers, and stops
// all of it again. The parts themselves are src/standins'; API and workers are their own processes, as anywhere else.
import { chmodSync, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { givenSettings, readEnvironment, settingRows } from '../config.ts'
import { spawnGuarded } from '../lib/guarded-process.ts'
import { findFreePort, isPortFree } from '../lib/ports.ts'
import { defaultDataDir, projectRoot, runFilePath } from '../lib/run-file.ts'
import { noteRunning } from '../lib/running.ts'
import { openChildLog } from '../standins/child-log.ts'
import { keepSecrets } from '../standins/dev-secrets.ts'
import { isGiven, startEmbeddedParts } from '../standins/embedded-parts.ts'
import { takeRunLock, writeRunFile } from '../standins/single-run.ts'
import { supervise, type Part } from '../standins/supervisor.ts'
import { describeRun } from '../standins/welcome.ts'
import { migrate } from '../stores/postgres/migrate.ts'

/** What was started, in order; stopping goes backwards, but the children, which use all the rest, end together and first. */
type Stoppable = { stop: () => Promise<void> | void; kill?: () => Promise<void> }
type Child = { stop: () => Promise<void>; kill: () => Promise<void> }

const childGraceMs = 10_000
const apiReadyWithinMs = 60_000
const repeatedSignalMs = 1_000
const parentCheckMs = 500

const startedAtMs = Date.now()
const running: Stoppable[] = []
const children: Child[] = []
let stopping: Promise<void> | undefined

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Makes the folder so that an unprivileged Postgres may pass through it, but nobody may look around. */
function prepareDataDir(env: NodeJS.ProcessEnv): string {
  const dataDir = env.DATA_DIR ? resolve(projectRoot, env.DATA_DIR) : defaultDataDir(env)
  mkdirSync(dirname(dataDir), { recursive: true, mode: 0o755 })
  mkdirSync(dataDir, { recursive: true, mode: 0o711 })
  chmodSync(dataDir, 0o711)
  return dataDir
}

/** The port of the API. What a killed run left behind may still be letting go of it. */
async function claimPort(env: NodeJS.ProcessEnv, mayBeReleased: boolean): Promise<number> {
  const port = Number(env.PORT || 3000)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('PORT is a number up to 65535')
  if (port === 0) return findFreePort()
  const isFree = async (): Promise<boolean> => (await isPortFree(port)) && (await isPortFree(port, '127.0.0.1'))
  const giveUpAtMs = Date.now() + (mayBeReleased ? childGraceMs : 0)
  while (!(await isFree())) {
    if (Date.now() >= giveUpAtMs)
      throw new Error(`port ${port} is taken by another program: stop that one, or choose another port: PORT=3001 npm start`)
    await wait(100)
  }
  return port
}

/** Settings that somebody gave stand; the rest is development's own. */
function developmentSettings(env: NodeJS.ProcessEnv, port: number, dataDir: string, own: Record<string, string>): Record<string, string> {
  const defaults: Record<string, string> = {
    NODE_ENV: 'development',
    PUBLIC_URL: `http://localhost:${port}`,
    JWT_ISSUER: 'sallyport-dev',
    JWT_AUDIENCE: 'sallyport',
    MAIL_FROM: 'Sallyport <no-reply@sallyport.localhost>',
    TWILIO_PHONE_NUMBER: '+15005550006',
    ...own,
  }
  const chosen = Object.entries(defaults).filter(([name]) => !isGiven(env, name))
  const given = settingRows()
    .flatMap(({ name }) => [name, `${name}_FILE`])
    .flatMap((name) => (env[name] ? [[name, env[name]] as const] : []))
  return { ...Object.fromEntries([...given, ...chosen]), PORT: String(port), DATA_DIR: dataDir }
}

async function startChild(name: string, file: string, env: NodeJS.ProcessEnv, dataDir: string): Promise<void> {
  const log = openChildLog(dataDir, name, say)
  const start = (): Promise<Part> =>
    spawnGuarded(process.execPath, [join(projectRoot, file)], { cwd: projectRoot, env, ipc: true, onLine: log.line })
  const child = await supervise(name, start, say)
  children.push({ stop: () => child.stop(childGraceMs), kill: child.kill })
}

async function waitForApi(port: number): Promise<boolean> {
  const giveUpAtMs = Date.now() + apiReadyWithinMs
  while (Date.now() < giveUpAtMs && !stopping) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => null)
    await answer?.body?.cancel()
    if (answer?.ok) return true
    await wait(100)
  }
  return false
}

async function start(): Promise<void> {
  const env = readEnvironment()
  if (env.NODE_ENV === 'production') {
    throw new Error(
      'npm start is for development: it starts embedded parts.\nIn production run: npm run migrate, npm run api, npm run worker (see docker-compose.yml)',
    )
  }
  const dataDir = prepareDataDir(env)
  const lock = takeRunLock(dataDir, 'dev.ts')
  running.push({ stop: lock.release }, { stop: noteRunning() })
  const port = await claimPort(env, lock.wasStale)
  say(`data in ${dataDir}`)
  const { redisPassword, postgresPassword, ...secrets } = keepSecrets(dataDir)
  const log = (part: string): ((line: string) => void) => {
    const { line, close } = openChildLog(dataDir, part, () => {})
    running.push({ stop: close })
    return line
  }
  const parts = await startEmbeddedParts({ env, dataDir, secrets: { ...secrets, redisPassword, postgresPassword }, say, log })
  running.push(parts)
  const settings = developmentSettings(env, port, dataDir, { ...secrets, ...parts.settings })
  const applied = await migrate(givenSettings({ ...env, ...settings }).DATABASE_URL ?? '')
  say(`migrations  ${applied.length > 0 ? `applied ${applied.join(', ')}` : 'up to date'}`)
  running.push({ stop: writeRunFile(runFilePath(dataDir), { ...settings, NPM_START_PID: String(process.pid) }) })
  const childEnv = { ...env, ...settings }
  const processes = [
    ['api', 'src/bin/api.ts'],
    ['worker-1', 'src/bin/worker.ts'],
    ['worker-2', 'src/bin/worker.ts'],
  ] as const
  await Promise.all(processes.map(([name, file]) => startChild(name, file, childEnv, dataDir)))
  const isReady = await waitForApi(port)
  if (stopping) return
  const seconds = ((Date.now() - startedAtMs) / 1_000).toFixed(1)
  say(isReady ? `ready in ${seconds} s` : `the API is not ready yet: see ${join(dataDir, 'logs', 'api.log')}`)
  say(describeRun(settings, dataDir))
}

/** Every step is bounded, so this ends. */
async function stopAll(): Promise<void> {
  await Promise.all(children.map((child) => child.stop()))
  for (const part of running.toReversed()) await part.stop()
}

function stopOnce(): void {
  say('stopping … (once more to kill)')
  stopping = stopAll().then(() => {
    say('stopped')
    process.exit()
  })
}

function stopOnSignals(): void {
  let firstAtMs = 0
  const onSignal = (): void => {
    if (!stopping) {
      firstAtMs = Date.now()
      stopOnce()
    } else if (Date.now() - firstAtMs > repeatedSignalMs) {
      // npm passes on the Ctrl-C that the terminal gave us as well: only what comes later is a person's second one.
      void Promise.all([...children, ...running].map(async (part) => part.kill?.())).then(() => process.exit(130))
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
}

/** A killed npm tells its script nothing: the script then has another parent. */
function stopWhenAbandoned(): void {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent && !stopping) stopOnce()
  }, parentCheckMs).unref()
}

// The terminal may be gone before we are.
process.stdout.on('error', () => {})
stopOnSignals()
if (readEnvironment().npm_lifecycle_event === 'start') stopWhenAbandoned()
try {
  await start()
} catch (error) {
  process.exitCode = 1
  // What fails because everything is being stopped is no failure.
  if (!stopping) {
    console.error(error instanceof Error ? error.message : error)
    await stopAll()
    process.exit()
  }
}

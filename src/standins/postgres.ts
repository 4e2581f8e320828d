// The embedded Postgres: a real server on loopback, with programs from npm. Its files and user are postgres-files.ts's; its tables are
// the migrations'.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { spawnGuarded } from '../lib/guarded-process.ts'
import { stopLeftover } from '../lib/process-table.ts'
import { initialiseCluster, postgresEnvironment, postgresPrograms, postgresUser, preparePostgresFolder } from './postgres-files.ts'

export type PostgresOptions = {
  dataDir: string
  port: number
  password: string
  /** `name=value` of postgresql.conf. */
  settings?: readonly string[]
  onLine?: (line: string) => void
}

/** `stop` ends it in good order; `kill` is a crash; `exited` resolves when it has ended, asked or not. */
export type EmbeddedPostgres = {
  url: string
  port: number
  pid: number
  exited: Promise<unknown>
  stop(): Promise<void>
  kill(): Promise<void>
}

const readyWithinMs = 60_000

/** Stops the Postgres that a killed run left on this folder, if there is one. */
export async function stopLeftoverPostgres(dataDir: string): Promise<void> {
  await stopLeftover(join(dataDir, 'data', 'postmaster.pid'), 'postgres', 'SIGINT')
}

/**
 * Starts Postgres on 127.0.0.1 and resolves when it accepts connections: under a second the first time, less later. A second start on
 * the same folder keeps the data; one left over from a killed run is stopped first. Rejects with its last words when it ends early.
 */
export async function startPostgres({ dataDir, port, password, settings = [], onLine }: PostgresOptions): Promise<EmbeddedPostgres> {
  const programs = postgresPrograms()
  const user = postgresUser()
  preparePostgresFolder(dataDir, user)
  const data = join(dataDir, 'data')
  await stopLeftoverPostgres(dataDir)
  initialiseCluster(programs, dataDir, password, user)
  const chosen = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', ...settings]
  const args = ['-D', data, '-p', String(port), ...chosen.flatMap((setting) => ['-c', setting])]
  let announceReady = (): void => {}
  const ready = new Promise<'ready'>((resolve) => (announceReady = () => resolve('ready')))
  const lastWords: string[] = []
  const read = (line: string): void => {
    lastWords.splice(0, lastWords.length - 4, line)
    onLine?.(line)
    if (line.includes('database system is ready to accept connections')) announceReady()
  }
  // SIGINT is Postgres's fast stop; SIGTERM would wait for clients to leave.
  const options = { cwd: data, env: postgresEnvironment(), ...user, stopSignal: 'SIGINT', onLine: read } as const
  const server = await spawnGuarded(join(programs, 'bin', 'postgres'), args, options)
  const timer = setTimeout(() => void server.kill(), readyWithinMs)
  const outcome = await Promise.race([ready, server.exited])
  clearTimeout(timer)
  if (outcome !== 'ready') throw new Error(`Postgres did not start on port ${port}:\n${lastWords.join('\n')}`)
  const url = `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`
  return { url, port, pid: server.pid, exited: server.exited, stop: () => server.stop(), kill: () => crash(server.kill, data) }
}

/** Backends notice a killed postmaster only when they next wait; its pid file would then name nobody. */
async function crash(kill: () => Promise<void>, data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid')
  const before = readFileSync(pidFile, 'utf8')
  await kill()
  if (readFileSync(pidFile, 'utf8') === before) rmSync(pidFile, { force: true })
}

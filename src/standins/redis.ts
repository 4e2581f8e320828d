// The embedded Redis: a real redis-server on loopback, durable as production's is. Which keys live in it is not known here.
import { mkdirSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { spawnGuarded } from '../lib/guarded-process.ts'
import { stopLeftover } from '../lib/process-table.ts'

export type RedisOptions = { dataDir: string; port: number; password: string; databases?: number; onLine?: (line: string) => void }

/** `stop` saves and ends it; `kill` is a crash; `exited` resolves when it has ended, asked or not. */
export type EmbeddedRedis = {
  url: string
  port: number
  pid: number
  exited: Promise<unknown>
  stop(): Promise<void>
  kill(): Promise<void>
}

const readyWithinMs = 30_000
const pidFileName = 'redis.pid'

/** Stops the Redis that a killed run left on this folder, if there is one. */
export async function stopLeftoverRedis(dataDir: string): Promise<void> {
  await stopLeftover(join(dataDir, pidFileName), 'redis-server', 'SIGTERM')
}

/**
 * Starts redis-server on 127.0.0.1 and resolves once it has loaded its data and answers. A second start on the same folder keeps the
 * data; one left over from a killed run is stopped first. Rejects with its last words when it ends early (a busy port, a broken file).
 */
export async function startRedis(options: RedisOptions): Promise<EmbeddedRedis> {
  const { dataDir, port, password, onLine } = options
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const pidFile = join(dataDir, pidFileName)
  await stopLeftoverRedis(dataDir)
  const lastWords: string[] = []
  const keep = (line: string): void => {
    lastWords.splice(0, lastWords.length - 4, line)
    onLine?.(line)
  }
  const server = await spawnGuarded('redis-server', ['-'], { cwd: dataDir, input: configuration(options, pidFile), onLine: keep })
  let hasEnded = false
  void server.exited.then(() => (hasEnded = true))
  const giveUpAtMs = Date.now() + readyWithinMs
  while (!(await answersPing(port, password))) {
    if (hasEnded || Date.now() > giveUpAtMs) {
      await server.kill()
      throw new Error(`redis-server did not start on port ${port}:\n${lastWords.join('\n')}`)
    }
    await wait(20)
  }
  const url = `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`
  return { url, port, pid: server.pid, exited: server.exited, stop: () => server.stop(), kill: server.kill }
}

/** Comes in by standard input, so that the password is in no command line and in no file. */
function configuration({ dataDir, port, password, databases = 256 }: RedisOptions, pidFile: string): string {
  const quote = (text: string): string => JSON.stringify(text)
  return [
    'bind 127.0.0.1',
    'protected-mode yes',
    `port ${port}`,
    `requirepass ${quote(password)}`,
    `dir ${quote(dataDir)}`,
    `pidfile ${quote(pidFile)}`,
    `databases ${databases}`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    'tcp-keepalive 60',
    'timeout 0',
    '',
  ].join('\n')
}

/** One PING over a fresh connection; false for a refused connection and for a server that is still loading. */
function answersPing(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port })
    let answer = ''
    const end = (isReady: boolean): void => {
      socket.destroy()
      resolve(isReady)
    }
    socket.setEncoding('utf8').setTimeout(1_000, () => end(false))
    socket.once('error', () => end(false)).once('close', () => end(false))
    socket.once('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`))
    socket.on('data', (chunk: string) => {
      answer += chunk
      if (answer.includes('+PONG')) end(true)
      else if (answer.split('\r\n').length > 2) end(false)
    })
  })
}

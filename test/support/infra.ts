// What a test file gets of the shared Redis and Postgres, and the settings that point a process of ours at it.
import { randomBytes } from 'node:crypto'
import { createConnection } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { inject } from 'vitest'
import { generateSecrets } from '../../src/standins/dev-secrets.ts'

/**
 * The URL of a Redis database that no other test file of this run has, empty. Publish and subscribe, CONFIG and FLUSHALL are the whole
 * server's: a test that needs those to itself starts its own (src/standins/redis.ts).
 */
export async function createTestRedis(): Promise<string> {
  const { redisUrl, redisDatabases } = inject('shared')
  // Database 0 keeps only the counter from which numbers are drawn; INCR gives no number twice.
  const [, drawn] = await askRedis(redisUrl, ['INCR next-database'])
  const number = Number(drawn?.slice(1))
  if (!(number > 0 && number < redisDatabases)) throw new Error(`the shared Redis has no database left for another test file: ${drawn}`)
  return `${redisUrl}/${number}`
}

/** Sends inline commands over a connection of its own and returns the first line of each answer, the one to AUTH first. */
export function askRedis(redisUrl: string, commands: readonly string[]): Promise<string[]> {
  const { hostname, port, password } = new URL(redisUrl)
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: hostname, port: Number(port) })
    let answer = ''
    socket.setEncoding('utf8').once('error', reject)
    socket.on('data', (chunk: string) => (answer += chunk))
    socket.once('end', () => resolve(answer.split('\r\n')))
    socket.write([`AUTH ${decodeURIComponent(password)}`, ...commands, 'QUIT', ''].join('\r\n'))
  })
}

/** The URL of a Postgres database of the test file's own, with every migration applied. It goes with the run. */
export async function createTestDatabase(): Promise<string> {
  const { postgresUrl, templateDatabase } = inject('shared')
  return cloneDatabase(postgresUrl, `template ${templateDatabase}`)
}

/** The same without any table, for tests of the migrations themselves. */
export async function createEmptyDatabase(): Promise<string> {
  return cloneDatabase(inject('shared').postgresUrl, '')
}

async function cloneDatabase(postgresUrl: string, from: string): Promise<string> {
  const name = `test_${randomBytes(8).toString('hex')}`
  const client = new Client({ connectionString: postgresUrl })
  await client.connect()
  try {
    await client.query(`create database ${name} ${from}`)
  } finally {
    await client.end()
  }
  return postgresUrl.replace(/\/postgres$/, `/${name}`)
}

/**
 * Resolves with the first truthy value that the condition gives, asked every 20 ms; what it throws counts as "not yet". Rejects after
 * `timeoutMs` with the last reason.
 */
export async function until<Value>(condition: () => Value | Promise<Value>, { timeoutMs = 10_000 } = {}): Promise<NonNullable<Value>> {
  const giveUpAtMs = Date.now() + timeoutMs
  let reason: unknown
  for (;;) {
    try {
      const value = await condition()
      if (value) return value
      reason = undefined
    } catch (error) {
      reason = error
    }
    if (Date.now() > giveUpAtMs) throw new Error(`what was waited for did not come within ${timeoutMs} ms`, { cause: reason })
    await wait(20)
  }
}

/** The settings that a process of ours needs in a test, with secrets of its own; add REDIS_URL and the rest, or replace any of them. */
export function testEnvironment(replace: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { redisPassword: _redis, postgresPassword: _postgres, ...secrets } = generateSecrets()
  return {
    NODE_ENV: 'test',
    LOG_LEVEL: 'info',
    PORT: '0',
    JWT_ISSUER: 'sallyport-dev',
    JWT_AUDIENCE: 'sallyport',
    MAIL_FROM: 'Sallyport <no-reply@sallyport.test>',
    TWILIO_PHONE_NUMBER: '+15005550006',
    // No run file of an `npm start` on this machine may reach a test.
    DATA_DIR: '/nonexistent',
    ...secrets,
    ...replace,
  }
}

// The whole product as a test runs it: API and worker processes of ours against this file's own Redis database, Postgres database and stand-ins.
import { SignJWT } from 'jose'
import { afterAll } from 'vitest'
import { createTestDatabase, createTestRedis, testEnvironment, until } from './infra.ts'
import { spawnNode, type SpawnedNode } from './processes.ts'
import { startStandins, type Standins } from './standins.ts'

export type Answer = { status: number; headers: Headers; body: Record<string, unknown>; text: string }

export type System = {
  env: Record<string, string>
  standins: Standins
  apis: SpawnedNode[]
  workers: SpawnedNode[]
  /** Base URL of the first API. */
  url: string
  urls: string[]
  /** One request; a body that is no string is sent as JSON. Never follows a redirect. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>, base?: string): Promise<Answer>
  /** The header of a caller with these claims. */
  as(claims: { sub: string; roles?: string[]; email?: string }): Promise<Record<string, string>>
  startApi(more?: Record<string, string>): Promise<string>
  startWorker(more?: Record<string, string>): Promise<SpawnedNode>
  /** The newest message to this address, once it is there. */
  message(to: string, count?: number): Promise<{ text: string; html?: string; subject?: string }>
}

/** Starts everything; it ends with the test file. `redisUrl` replaces the file's own Redis. */
export async function startSystem(
  options: { env?: Record<string, string>; apis?: number; workers?: number; redisUrl?: string } = {},
): Promise<System> {
  const base = testEnvironment({ RATE_LIMIT_PER_MINUTE: '0', LISTING_LIMIT_PER_MINUTE: '0', LOG_LEVEL: 'info', ...options.env })
  const account = { TWILIO_ACCOUNT_SID: base['TWILIO_ACCOUNT_SID'] ?? '', TWILIO_AUTH_TOKEN: base['TWILIO_AUTH_TOKEN'] ?? '' }
  const standins = await startStandins(account)
  afterAll(() => standins.stop())
  const env = {
    ...base,
    REDIS_URL: options.redisUrl ?? (await createTestRedis()),
    DATABASE_URL: await createTestDatabase(),
    ...standins.env,
    ...options.env,
  }
  const system: System = {
    env,
    standins,
    apis: [],
    workers: [],
    url: '',
    urls: [],
    call: (method, path, body, headers = {}, target = system.url) => call(target, method, path, body, headers),
    as: async ({ sub, ...claims }) => ({ authorization: `Bearer ${await signToken(env, sub, claims)}` }),
    startApi: async (more = {}) => {
      const api = await spawnNode('src/bin/api.ts', { ...env, ...more })
      system.apis.push(api)
      const said = await api.line(/"setting":"PORT"/)
      const url = `http://127.0.0.1:${String(JSON.parse(said).port)}`
      system.urls.push(url)
      return url
    },
    startWorker: async (more = {}) => {
      const worker = await spawnNode('src/bin/worker.ts', { ...env, ...more })
      system.workers.push(worker)
      await worker.line(/taking jobs/)
      return worker
    },
    message: async (to, count = 1) =>
      until(() => {
        const messages = standins.outbox.list(to)
        return messages.length >= count ? messages[0] : undefined
      }),
  }
  for (let i = 0; i < (options.apis ?? 1); i++) {
    const url = await system.startApi()
    if (i === 0) system.url = url
  }
  await Promise.all(Array.from({ length: options.workers ?? 1 }, () => system.startWorker()))
  return system
}

function signToken(env: Record<string, string>, subject: string, claims: object): Promise<string> {
  return new SignJWT({ email_verified: true, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subject)
    .setIssuer(env['JWT_ISSUER'] ?? '')
    .setAudience(env['JWT_AUDIENCE'] ?? '')
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(env['JWT_SECRET']))
}

async function call(base: string, method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
  const isText = typeof body === 'string'
  const response = await fetch(`${base}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...(body === undefined || isText ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  let parsed: Record<string, unknown> = {}
  try {
    parsed = JSON.parse(text) as Record<string, unknown>
  } catch {
    // Not every answer is JSON; the text is there.
  }
  return { status: response.status, headers: response.headers, body: parsed, text }
}

/** The code in a message. */
export function codeIn(text: string): string {
  const code = /(?<!\d)\d{6}(?!\d)/.exec(text)?.[0]
  if (!code) throw new Error('there is no code in this message')
  return code
}

/** The path of the link in a message. */
export function linkIn(text: string): string {
  const path = /\/v\/[A-Za-z0-9_-]+/.exec(text)?.[0]
  if (!path) throw new Error('there is no link in this message')
  return path
}

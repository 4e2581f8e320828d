// Everything that `npm start` puts in the place of a part whose setting is missing. A setting of one's own replaces exactly that part.
import { join } from 'node:path'
import type { DevSecrets } from './dev-secrets.ts'
import { startMailCatcher } from './mail-catcher.ts'
import { createOutbox, startOutboxServer, type Controllable } from './outbox.ts'
import { startPostgres, stopLeftoverPostgres } from './postgres.ts'
import { startRedis, stopLeftoverRedis } from './redis.ts'
import { choosePorts } from './remembered-ports.ts'
import { supervise, type Part } from './supervisor.ts'
import { startTwilioApi } from './twilio-api.ts'

type Environment = Readonly<Record<string, string | undefined>>
type PartSetting = 'REDIS_URL' | 'DATABASE_URL' | 'SMTP_URL' | 'TWILIO_BASE_URL'

export type EmbeddedOptions = {
  env: Environment
  dataDir: string
  secrets: DevSecrets
  say: (text: string) => void
  /** Called once for each part, however often the part is started. */
  log: (part: string) => (line: string) => void
}

/** `settings` are the addresses of what was started. Stores end after the stand-ins, both in bounded time. */
export type EmbeddedParts = { settings: Record<string, string>; stop(): Promise<void>; kill(): Promise<void> }

const stopGraceMs = 10_000

/** Whether a setting is given, by itself or as a file. */
export function isGiven(env: Environment, name: string): boolean {
  return Boolean(env[name]) || Boolean(env[`${name}_FILE`])
}

/** Starts what has no setting of its own. When one cannot start, stops the others and rejects with its reason. */
export async function startEmbeddedParts(options: EmbeddedOptions): Promise<EmbeddedParts> {
  const { env, dataDir } = options
  await Promise.all([stopLeftoverRedis(join(dataDir, 'redis')), stopLeftoverPostgres(join(dataDir, 'postgres'))])
  const ports = await choosePorts(dataDir)
  const needs = (name: PartSetting): boolean => !isGiven(env, name)
  const settings: Record<string, string> = {}
  const stores: Omit<Part, 'exited'>[] = []
  const servers: { stop(): Promise<void> }[] = []
  const parts: EmbeddedParts = {
    settings,
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()))
      await Promise.all(stores.map((store) => store.stop(stopGraceMs)))
    },
    kill: async () => {
      await Promise.all(stores.map((store) => store.kill()))
    },
  }
  try {
    if (needs('REDIS_URL')) settings['REDIS_URL'] = await superviseRedis(options, ports.redis, stores)
    if (needs('DATABASE_URL')) settings['DATABASE_URL'] = await supervisePostgres(options, ports.postgres, stores)
    Object.assign(settings, await startStandIns(options, ports, needs, servers))
  } catch (error) {
    await parts.stop()
    throw error
  }
  return parts
}

async function superviseRedis(
  { dataDir, secrets, say, log }: EmbeddedOptions,
  port: number,
  stores: Omit<Part, 'exited'>[],
): Promise<string> {
  let url = ''
  const onLine = log('redis')
  const start = async (): Promise<Part> => {
    const redis = await startRedis({ dataDir: join(dataDir, 'redis'), port, password: secrets.redisPassword, onLine })
    url = redis.url
    return redis
  }
  stores.push(await supervise('redis', start, say))
  say(`redis       127.0.0.1:${port}`)
  return url
}

async function supervisePostgres(
  { dataDir, secrets, say, log }: EmbeddedOptions,
  port: number,
  stores: Omit<Part, 'exited'>[],
): Promise<string> {
  let url = ''
  const onLine = log('postgres')
  const start = async (): Promise<Part> => {
    const folder = join(dataDir, 'postgres')
    const postgres = await startPostgres({ dataDir: folder, port, password: secrets.postgresPassword, onLine })
    url = postgres.url
    return postgres
  }
  stores.push(await supervise('postgres', start, say))
  say(`postgres    127.0.0.1:${port}`)
  return url
}

/** The mail catcher and Twilio's API run in this process; the outbox shows what either received. */
async function startStandIns(
  { env, secrets, say }: EmbeddedOptions,
  ports: Awaited<ReturnType<typeof choosePorts>>,
  needs: (name: PartSetting) => boolean,
  servers: { stop(): Promise<void> }[],
): Promise<Record<string, string>> {
  const outbox = createOutbox()
  const parts: Record<string, Controllable> = {}
  const settings: Record<string, string> = {}
  if (needs('SMTP_URL')) {
    const mail = await startMailCatcher(ports.mail, outbox)
    servers.push(mail)
    parts['mail'] = mail
    settings['SMTP_URL'] = mail.url
    say(`mail        127.0.0.1:${mail.port} (receives and keeps, delivers nothing)`)
  }
  if (needs('TWILIO_BASE_URL')) {
    const accountSid = env['TWILIO_ACCOUNT_SID'] || secrets.TWILIO_ACCOUNT_SID
    const authToken = env['TWILIO_AUTH_TOKEN'] || secrets.TWILIO_AUTH_TOKEN
    const twilio = await startTwilioApi({ port: ports.twilio, accountSid, authToken, outbox, callbackDelayMs: 300 })
    servers.push(twilio)
    parts['twilio'] = twilio
    settings['TWILIO_BASE_URL'] = twilio.url
    say(`twilio      127.0.0.1:${twilio.port} (receives and keeps, delivers nothing)`)
  }
  if (Object.keys(parts).length > 0) {
    const server = await startOutboxServer(ports.outbox, outbox, parts)
    servers.push(server)
    settings['OUTBOX_URL'] = `${server.url}/outbox`
  }
  return settings
}

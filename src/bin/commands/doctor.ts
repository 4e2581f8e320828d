// Checks, from this machine and with these settings, every part that the processes will need. Changes nothing anywhere.
import { Readable } from 'node:stream'
import { createTransport } from 'nodemailer'
import { loadConfig, type Config } from '../../config.ts'
import { createClamdScanner } from '../../providers/scanner/clamd.ts'
import { pendingMigrations } from '../../stores/postgres/migrate.ts'
import { closeRedis, openRedis } from '../../stores/redis/connections.ts'
import { examineRedis } from '../../stores/redis/fitness.ts'
import { loadSealingKey, sealingFaultSentence } from '../../providers/sealing/sealing-key.ts'
import { sealingKeyBytes } from '../sealing-key.ts'
import { openBlobs } from '../upload-parts.ts'

/** What a check found, in one line; it throws what is wrong. */
type Check = { name: string; run: () => Promise<string> }

const checkTimeoutMs = 10_000
// Its connection tries for ever; the reason of the last try says more than a time-out.
const redisTimeoutMs = 3_000

/** Prints a line for each part; throws at the end when one of them failed. Secrets and credentials in addresses are never shown. */
export async function runDoctor(_args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const config = loadConfig(env)
  let failures = 0
  for (const { name, run } of checksFor(config)) {
    try {
      console.log(`✓ ${name.padEnd(10)}${await withTimeout(run())}`)
    } catch (error) {
      failures++
      console.log(`✗ ${name.padEnd(10)}${error instanceof Error ? error.message || error.name : 'failed'}`)
    }
  }
  if (failures > 0) throw new Error(`${failures} of the checks failed`)
}

function checksFor(config: Config): Check[] {
  return [
    { name: 'settings', run: () => Promise.resolve(`complete for ${config.NODE_ENV}`) },
    { name: 'seal', run: () => checkSealingKey(config) },
    { name: 'redis', run: () => checkRedis(config) },
    { name: 'postgres', run: () => checkPostgres(config.DATABASE_URL) },
    ...(config.CHANNELS.includes('email') ? [{ name: 'mail', run: () => checkMail(config) }] : []),
    ...(config.CHANNELS.includes('sms') ? [{ name: 'twilio', run: () => checkTwilio(config) }] : []),
    ...(config.STORAGE_URL === undefined ? [] : [{ name: 'storage', run: () => checkStorage(config) }]),
    ...(config.CLAMD_URL === undefined ? [] : [{ name: 'clamd', run: () => checkClamd(config, config.CLAMD_URL ?? '') }]),
  ]
}

async function checkSealingKey(config: Config): Promise<string> {
  const { key, fault } = loadSealingKey(sealingKeyBytes(config), config.SEALING_KEY_PASSWORD?.reveal() ?? '', Date.now())
  if (fault !== null) throw new Error(sealingFaultSentence(fault))
  const standing = key.standing(Date.now())
  return standing.ready
    ? `${standing.certificate.subject}, good until ${new Date(standing.certificate.notAfterMs).toISOString().slice(0, 10)}`
    : ''
}

async function checkRedis(config: Config): Promise<string> {
  let lastError: Error | undefined
  const connection = openRedis(config.REDIS_URL, 'patient', 'doctor', (error) => (lastError = error))
  try {
    const answer = examineRedis(connection)
    const { version, skewMs, faults } = await withTimeout(answer, redisTimeoutMs).catch((error: unknown) =>
      Promise.reject(lastError ?? error),
    )
    const waived: readonly string[] = config.ALLOW_UNSAFE
    const refused = faults.filter(({ check }) => !waived.includes(check))
    if (refused.length > 0) throw new Error(refused.map(({ sentence }) => sentence).join('; '))
    const notes = faults.map(({ check }) => `, ${check} waived`).join('')
    return `${version}, master, AOF, noeviction, clocks ${Math.abs(Math.round(skewMs))} ms apart${notes}`
  } finally {
    closeRedis(connection)
  }
}

async function checkPostgres(databaseUrl: string): Promise<string> {
  const pending = await pendingMigrations(databaseUrl)
  if (pending.length > 0) throw new Error(`not applied yet: ${pending.join(', ')} (npm run migrate)`)
  return 'answers, every migration applied'
}

async function checkMail(config: Config): Promise<string> {
  if (!config.SMTP_URL) throw new Error('SMTP_URL is missing')
  const transport = createTransport({
    url: config.SMTP_URL.reveal(),
    connectionTimeout: 5_000,
    greetingTimeout: 5_000,
    socketTimeout: 5_000,
  })
  try {
    await transport.verify()
    return 'the server greets and takes the login'
  } finally {
    transport.close()
  }
}

/** Asks for the account itself: that needs the address, the account and its token to be right, and sends nothing. */
async function checkTwilio(config: Config): Promise<string> {
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken } = config
  if (!accountSid || !authToken) throw new Error('TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is missing')
  const base = (config.TWILIO_BASE_URL ?? 'https://api.twilio.com').replace(/\/+$/, '')
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken.reveal()}`).toString('base64')}`
  const answer = await fetch(`${base}/2010-04-01/Accounts/${encodeURIComponent(accountSid)}.json`, {
    headers: { authorization },
    signal: AbortSignal.timeout(5_000),
  }).catch(() => Promise.reject(new Error(`${new URL(base).host} does not answer`)))
  await answer.body?.cancel()
  if (!answer.ok)
    throw new Error(`${new URL(base).host} answers ${answer.status}${answer.status === 401 ? ': account or token is wrong' : ''}`)
  return `${new URL(base).host} knows the account`
}

/** Looks at what is there; whether anything is does not matter. */
async function checkStorage(config: Config): Promise<string> {
  const blobs = openBlobs(config)
  const free = await blobs.freeBytes()
  for await (const _object of blobs.inventory()) break
  return blobs.kind === 's3' ? 'the bucket answers' : `${Math.floor(free / 1_073_741_824)} GiB free`
}

/** The scanner proves itself on the EICAR test file before it is asked about anything. */
async function checkClamd(config: Config, url: string): Promise<string> {
  const scanner = createClamdScanner({ url, maxBytes: config.CLAMD_MAX_BYTES })
  const scan = await scanner.scan(Readable.from([Buffer.from('harmless')]), 8, AbortSignal.timeout(checkTimeoutMs))
  if (scan.verdict === 'clean') return 'knows EICAR, passes what is harmless'
  throw new Error(scan.verdict === 'unavailable' ? 'does not answer' : `gives no verdict: ${scan.detail ?? scan.verdict}`)
}

/** A part that hangs is a part that failed. */
async function withTimeout<Value>(work: Promise<Value>, timeoutMs = checkTimeoutMs): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1_000} s`)), timeoutMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

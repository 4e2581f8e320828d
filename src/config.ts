// The settings: one schema over the environment, the only reader of process.env. docs/operations.md's table is generated from it.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { Keyring } from './lib/keyring.ts'
import { commandOf } from './lib/process-table.ts'
import { Secret } from './lib/secret.ts'

const secret = z
  .string()
  .min(1)
  .transform((value) => new Secret(value))
const flag = z.enum(['true', 'false']).transform((value) => value === 'true')
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
)
const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most)
const url = z.string().regex(/^[a-z][a-z0-9+.-]*:\/\/\S+$/i, 'must be a URL')

const phoneNumber = z.string().regex(/^\+[1-9]\d{6,14}$/, 'must be E.164')

/** How a setting is read, and its sentence for the operator's table. `production` marks what production cannot run without. */
const settings = {
  NODE_ENV: [
    z.enum(['development', 'production', 'test']).default('development'),
    'production starts nothing embedded and refuses to run unsafe',
  ],
  LOG_LEVEL: [z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'), 'least level that is logged'],
  PORT: [whole(0, 65_535).default(3000), 'port of the API; 0 takes a free one'],
  METRICS_PORT: [
    whole(0, 65_535).optional(),
    'port of /metrics, apart from the API (production); left out, /metrics is on the API and needs an admin there',
  ],
  WORKER_METRICS_PORT: [whole(0, 65_535).optional(), "port of a worker's own /metrics, /healthz and /readyz; left out, it has none"],
  PUBLIC_URL: [url.optional(), 'the address in links and callbacks; development: http://localhost:PORT'],
  PUBLIC_API: [flag.optional(), 'whether the anonymous calls of the contract are open; development: true, production: false'],
  CORS_ORIGINS: [list.default([]), 'origins of frontends, with commas; development also allows any localhost'],
  TRUST_PROXY: [
    list.default([]),
    'addresses or networks of reverse proxies whose X-Forwarded-For counts, with commas (loopback, uniquelocal, CIDR)',
  ],
  REDIRECTS: [list.default([]), 'where a confirmed link may lead: id=https://…, with commas; development has console'],
  BRAND_NAME: [z.string().min(1).max(40).default('Sallyport'), 'the name in messages'],
  DATA_DIR: [z.string().optional(), 'where embedded parts keep their data'],
  REDIS_URL: [url, 'redis:// or rediss://; several hosts with commas are a Cluster; redis+sentinel://host,host/name'],
  DATABASE_URL: [url, 'postgres://…'],
  MASTER_KEYS: [z.string(), 'kid:base64 of at least 32 bytes, with commas; the first one writes, all read'],
  PROOF_KEY: [secret, 'Ed25519 private key as JWK, signs proofs'],
  SEALING_KEY_P12: [
    secret.optional(),
    'key and certificate that seal signed documents: PKCS#12 in base64; SEALING_KEY_P12_FILE may also name the file as it is',
  ],
  SEALING_KEY_PASSWORD: [secret.optional(), 'the password of that file; left out: none'],
  JWT_SECRET: [secret.optional(), 'HS256 secret (32 bytes or more) of the JWTs that callers bring'],
  JWKS_URL: [url.optional(), 'or the key set against which they are checked'],
  JWT_ISSUER: [z.string().optional(), 'iss that a JWT must carry'],
  JWT_AUDIENCE: [z.string().optional(), 'aud that a JWT must carry'],
  CHANNELS: [
    list.pipe(z.array(z.enum(['sms', 'email'])).min(1)).default(['sms', 'email']),
    'channels in use; the settings of the others are not needed',
  ],
  SMTP_URL: [secret.optional(), 'smtp:// or smtps://user:password@host:port'],
  MAIL_FROM: [z.string().optional(), 'sender of mails: name <address> or address'],
  EMAIL_CALLBACK_SECRET: [secret.optional(), 'whsec_… by which receipts for mails are signed (Standard Webhooks)'],
  TWILIO_ACCOUNT_SID: [z.string().optional(), 'account'],
  TWILIO_AUTH_TOKEN: [secret.optional(), 'its token; also checks the signature of receipts'],
  TWILIO_PHONE_NUMBER: [phoneNumber.optional(), 'sender of text messages, or'],
  TWILIO_MESSAGING_SERVICE_SID: [z.string().optional(), 'the messaging service that chooses it'],
  TWILIO_BASE_URL: [url.optional(), "another address for Twilio's API (a stand-in, a regional edge)"],
  WEBOTP_ORIGIN: [
    z
      .string()
      .regex(/^[a-z0-9.-]+$/i)
      .optional(),
    'host in the last line of a text message, for browsers that fill codes in',
  ],
  OTP_DIGITS: [whole(6, 10).default(6), 'digits of a code'],
  OTP_TTL_SECONDS: [whole(10, 600).default(600), 'lifetime of a code sent to a phone'],
  EMAIL_CODE_TTL_SECONDS: [whole(10, 3_600).default(600), 'lifetime of a code sent by e-mail'],
  PASSWORD_RESET_TTL_SECONDS: [whole(10, 3_600).default(1_800), 'lifetime of a password reset by e-mail'],
  EMAIL_LINK_TTL_SECONDS: [whole(10, 86_400).default(86_400), 'lifetime of links and registrations by e-mail'],
  RATE_LIMIT_PER_MINUTE: [
    whole(0, 1_000_000).default(600),
    'requests a minute for a credential or an anonymous network; 0 lifts the limit',
  ],
  LISTING_LIMIT_PER_MINUTE: [whole(0, 1_000_000).default(60), 'listings a minute, likewise'],
  ALLOWED_COUNTRIES: [
    list.pipe(z.array(z.string().regex(/^[A-Z]{2}$/, 'must be ISO 3166-1 codes'))).optional(),
    'countries whose numbers are served; development: all',
  ],
  WORKER_QUEUES: [list.optional(), 'queues that this worker takes, with commas; left out: all'],
  WORKER_CONCURRENCY: [whole(1, 1_000).default(50), 'jobs of one queue that a worker runs at once'],
  QUEUE_PARTITIONS: [whole(1, 256).default(1), 'partitions of state and queues, each a hash slot of its own'],
  DURABILITY: [z.enum(['local', 'replicated']).default('local'), 'replicated: a start is accepted only once a replica has it'],
  BOARD_WRITE: [flag.default(false), 'whether Bull Board may retry and remove jobs'],
  ALLOW_UNSAFE: [
    list.pipe(z.array(z.enum(['eviction', 'no-aof', 'clock-skew', 'old-redis']))).default([]),
    'checks of Redis to be waived, by name',
  ],
  STORAGE_URL: [
    z
      .string()
      .regex(/^(?:file:|s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/|$))/, 'must be file:PATH or s3://bucket/prefix')
      .optional(),
    'where uploaded bytes lie: file:PATH, which API and workers share, or s3://bucket/prefix; left out: DATA_DIR/blobs',
  ],
  S3_ENDPOINT: [url.optional(), 'address of an S3 service other than AWS'],
  S3_REGION: [z.string().default('us-east-1'), 'its region'],
  S3_ACCESS_KEY_ID: [z.string().optional(), 'its access key; left out: where the AWS SDK finds one'],
  S3_SECRET_ACCESS_KEY: [secret.optional(), 'the secret to it'],
  S3_PROFILE: [
    z.enum(['aws', 'r2', 'compatible']).default('aws'),
    'what the service is like: aws, r2 (Cloudflare), compatible (bucket in the path, as MinIO and its kind want it)',
  ],
  UPLOAD_MAX_BYTES: [whole(1, 80_000_000_000).default(5_368_709_120), 'the largest file that is taken, whatever its type allows'],
  UPLOAD_RESERVE_BYTES: [
    whole(0, 10_000_000_000_000).default(268_435_456),
    'room that stays free where bytes arrive; uploads that would use it are refused',
  ],
  CLAMD_URL: [
    z
      .string()
      .regex(/^(?:tcp:\/\/|unix:)\S+$/, 'must be tcp://host:port or unix:/path')
      .optional(),
    'the virus scanner clamd',
  ],
  CLAMD_MAX_BYTES: [
    whole(1, 4_000_000_000).default(100_000_000),
    "at most clamd's own StreamMaxLength and MaxFileSize; larger files count as not scanned",
  ],
  ALLOW_UNSCANNED: [flag.optional(), 'whether files that nobody scanned are stored; development: true, production: false'],
  DIGEST_AFTER_SECONDS: [
    whole(10, 604_800).default(900),
    'how long a notification waits to be seen before a mail tells of it, unless a mail of its own did',
  ],
  AUDIT_DIR: [
    z.string().min(1).optional(),
    'folder of audit checkpoints and archives, best on another disk than the database; left out: audit in DATA_DIR, else none are kept',
  ],
  TRUST_LIST: [
    z.string().min(1).optional(),
    'JSON file with the accredited providers, for compliance checks; left out: none is known, and rules about them stay open',
  ],
  RESPONSIBLE_PERSON: [
    z.string().min(1).max(200).optional(),
    'who is in control of the system and could swear to it (section 25(4)); compliance checks ask whether anybody is named',
  ],
  WEBHOOK_ALLOW_PRIVATE: [flag.default(false), 'development only: webhooks may go to http and to addresses that are not public'],
  AI_BASE_URL: [url.optional(), 'a server that speaks chat completions, up to /v1: it adds a summary to the analysis of documents'],
  AI_API_KEY: [secret.optional(), 'its key'],
  AI_MODEL: [z.string().min(1).max(100).optional(), 'the model it is asked for; without one none is asked'],
  OUTBOX_URL: [url.optional(), 'development only: where the stand-ins show what they received'],
} as const satisfies Record<string, readonly [z.ZodType, string]>

type SettingName = keyof typeof settings

const schema = z.object(
  Object.fromEntries(Object.entries(settings).map(([name, [type]]) => [name, type])) as {
    [Name in SettingName]: (typeof settings)[Name][0]
  },
)

type Raw = z.output<typeof schema>

/** Settings with their defaults applied; frozen. Names are those of the environment. */
export type Config = Readonly<Omit<Raw, 'PUBLIC_URL' | 'PUBLIC_API' | 'MASTER_KEYS' | 'REDIRECTS' | 'ALLOW_UNSCANNED'>> & {
  readonly ALLOW_UNSCANNED: boolean
  readonly PUBLIC_URL: string
  readonly PUBLIC_API: boolean
  readonly MASTER_KEYS: Keyring
  readonly REDIRECTS: ReadonlyMap<string, string>
}

/** Every fault of the settings at once, one line each; values are never shown. */
export class ConfigError extends Error {
  constructor(faults: readonly string[]) {
    super(`The settings do not allow a start:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.name = 'ConfigError'
  }
}

/** What production needs besides what every start needs; a function of the rest, since some replace each other. */
function missingInProduction(raw: Partial<Record<SettingName, unknown>>): string[] {
  const channels = Array.isArray(raw.CHANNELS) ? raw.CHANNELS : []
  const needed: [boolean, string][] = [
    [raw.PUBLIC_URL === undefined, 'PUBLIC_URL'],
    [raw.SEALING_KEY_P12 === undefined, 'SEALING_KEY_P12'],
    [raw.JWT_SECRET === undefined && raw.JWKS_URL === undefined, 'JWT_SECRET or JWKS_URL'],
    [raw.JWT_ISSUER === undefined, 'JWT_ISSUER'],
    [raw.JWT_AUDIENCE === undefined, 'JWT_AUDIENCE'],
    [channels.includes('email') && raw.SMTP_URL === undefined, 'SMTP_URL'],
    [channels.includes('email') && raw.MAIL_FROM === undefined, 'MAIL_FROM'],
    [channels.includes('sms') && raw.TWILIO_ACCOUNT_SID === undefined, 'TWILIO_ACCOUNT_SID'],
    [channels.includes('sms') && raw.TWILIO_AUTH_TOKEN === undefined, 'TWILIO_AUTH_TOKEN'],
    [
      channels.includes('sms') && raw.TWILIO_PHONE_NUMBER === undefined && raw.TWILIO_MESSAGING_SERVICE_SID === undefined,
      'TWILIO_PHONE_NUMBER or TWILIO_MESSAGING_SERVICE_SID',
    ],
  ]
  return needed.flatMap(([isMissing, name]) => (isMissing ? [`${name} is missing`] : []))
}

/** `NAME_FILE` names a file that holds the value of NAME (a mounted secret); the variable itself wins. */
function withFiles(env: NodeJS.ProcessEnv, faults: string[]): Record<string, string> {
  const values: Record<string, string> = {}
  for (const name of Object.keys(settings)) {
    const direct = env[name]
    const path = env[`${name}_FILE`]
    if (direct !== undefined && direct !== '') values[name] = direct
    else if (path) {
      try {
        const text = textOf(name, readFileSync(path))
        if (text !== '') values[name] = text
      } catch {
        faults.push(`${name}_FILE names a file that cannot be read`)
      }
    }
  }
  return values
}

/** Files that are not text: their bytes may stand in the file itself, or in base64. DER begins with a sequence. */
const binarySettings = new Set(['SEALING_KEY_P12'])
const derSequenceTag = 0x30

function textOf(name: string, content: Buffer): string {
  return binarySettings.has(name) && isDer(content) ? content.toString('base64') : content.toString('utf8').trim()
}

/** Base64 of such a file begins with M; text never goes on with a length. */
function isDer(content: Buffer): boolean {
  return content[0] === derSequenceTag && (content[1] ?? 0) >= 0x80
}

function parseKeyring(text: string | undefined, faults: string[]): Keyring | undefined {
  if (text === undefined) return undefined
  try {
    return Keyring.parse(text)
  } catch (error) {
    faults.push(`MASTER_KEYS: ${error instanceof Error ? error.message : 'unreadable'}`)
    return undefined
  }
}

function parseRedirects(entries: readonly string[], isProduction: boolean, publicUrl: string, faults: string[]): Map<string, string> {
  const redirects = new Map<string, string>(isProduction ? [] : [['console', `${publicUrl}/docs`]])
  for (const entry of entries) {
    const at = entry.indexOf('=')
    const target = entry.slice(at + 1)
    const isSafe = at > 0 && URL.canParse(target) && (target.startsWith('https://') || (!isProduction && target.startsWith('http://')))
    if (isSafe) redirects.set(entry.slice(0, at), target)
    else faults.push('REDIRECTS: each entry is id=https://…')
  }
  return redirects
}

/** Parses the environment into frozen settings; throws one ConfigError that names every fault. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const faults: string[] = []
  const values = withFiles(env, faults)
  const parsed = schema.safeParse(values)
  const missing = new Set<string>()
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0])
    if (values[name] === undefined) missing.add(name)
    else faults.push(`${name}: ${issue.message}`)
  }
  const isProduction = values.NODE_ENV === 'production'
  faults.push(...[...missing].map((name) => `${name} is missing`))
  if (isProduction)
    faults.push(...missingInProduction({ CHANNELS: values.CHANNELS?.split(',') ?? ['sms', 'email'], ...omit(values, 'CHANNELS') }))
  const secretLength = values.JWT_SECRET?.length
  if (isProduction && secretLength !== undefined && secretLength < 32) faults.push('JWT_SECRET: must have at least 32 characters')
  if (isProduction && values.WEBHOOK_ALLOW_PRIVATE === 'true')
    faults.push('WEBHOOK_ALLOW_PRIVATE: lets webhooks reach the private network and is for development only')
  if (isProduction && values.OUTBOX_URL) faults.push('OUTBOX_URL: shows messages in clear and is for development only')
  const keyring = parseKeyring(values.MASTER_KEYS, faults)
  const publicUrl = (values.PUBLIC_URL ?? `http://localhost:${values.PORT ?? 3000}`).replace(/\/+$/, '')
  const redirects = parseRedirects(list.parse(values.REDIRECTS ?? ''), isProduction, publicUrl, faults)
  if (faults.length > 0 || !parsed.success || !keyring) throw new ConfigError(faults)
  return Object.freeze({
    ...parsed.data,
    PUBLIC_URL: publicUrl,
    PUBLIC_API: parsed.data.PUBLIC_API ?? !isProduction,
    ALLOW_UNSCANNED: parsed.data.ALLOW_UNSCANNED ?? !isProduction,
    MASTER_KEYS: keyring,
    REDIRECTS: redirects,
  })
}

function omit(values: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => key !== name))
}

/**
 * The environment of this process. Outside production what is not set comes from the run file of a running `npm start`, whose address
 * `findRunFile` tells for a given DATA_DIR; without it, from nowhere else. A file whose `npm start` has died counts for nothing, which is said.
 */
export function readEnvironment(findRunFile?: (dataDir: string | undefined, env: NodeJS.ProcessEnv) => string): NodeJS.ProcessEnv {
  if (process.env.NODE_ENV === 'production' || !findRunFile) return { ...process.env }
  let lines: string[] = []
  try {
    lines = readFileSync(findRunFile(process.env.DATA_DIR, process.env), 'utf8').split('\n')
  } catch {
    // No `npm start` has run here: the settings must then come from the environment, and loadConfig says which are missing.
  }
  const fromFile = lines
    .filter((line) => line.includes('='))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])
  const settings: NodeJS.ProcessEnv = Object.fromEntries(fromFile)
  if (settings.NPM_START_PID !== undefined && !commandOf(Number(settings.NPM_START_PID)).includes('dev.ts')) {
    console.error('npm start is not running: it was killed, and the addresses that it left are not used.')
    return { ...process.env }
  }
  return { ...settings, ...process.env }
}

/** The settings that an environment gives, as text and unchecked, those in files included; for commands that need only one or two. */
export function givenSettings(env: NodeJS.ProcessEnv): Partial<Record<SettingName, string>> {
  const faults: string[] = []
  const values = withFiles(env, faults)
  if (faults.length > 0) throw new ConfigError(faults)
  return values
}

/** Rows of the settings table: name, default as text, sentence. */
export function settingRows(): { name: string; fallback: string; meaning: string }[] {
  return Object.entries(settings).map(([name, [type, meaning]]) => {
    const fallback = type.safeParse(undefined)
    return { name, fallback: fallback.success && fallback.data !== undefined ? String(fallback.data) : '', meaning }
  })
}

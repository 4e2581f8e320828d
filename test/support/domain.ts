// The domain in process: real Redis, stores, producer, templates, proof signer and provider clients, with a clock that a test moves.
// What runs the jobs is up to the test: `run` plays a worker, or it starts a consumer of its own.
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { startVerificationRequest, type Verification } from '../../src/contracts/verification.ts'
import type { Caller } from '../../src/domain/caller.ts'
import type { RequestContext } from '../../src/domain/context.ts'
import type { AcceptDeps, DeliverDeps, Fence, JobRequest, Telemetry, UpkeepStore, VerificationPolicy } from '../../src/domain/ports.ts'
import { checkVerification } from '../../src/domain/verification/check.ts'
import { deliverAttempt, type DeliverOutcome } from '../../src/domain/verification/deliver.ts'
import { deriveCode } from '../../src/domain/verification/secrets.ts'
import { startVerification } from '../../src/domain/verification/start.ts'
import { AppError, type ErrorCode, type ErrorDetails } from '../../src/errors.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { Keyring } from '../../src/lib/keyring.ts'
import { projectRoot } from '../../src/lib/run-file.ts'
import { Secret } from '../../src/lib/secret.ts'
import { createSmtpMail } from '../../src/providers/mail/smtp.ts'
import { createTwilioSms } from '../../src/providers/sms/twilio.ts'
import { createTemplates } from '../../src/providers/templates.ts'
import { createProofSigner } from '../../src/providers/tokens/proof-signer.ts'
import { JobProducer } from '../../src/queues/bullmq.ts'
import { registry } from '../../src/queues/registry.ts'
import { generateSecrets } from '../../src/standins/dev-secrets.ts'
import { closeRedis, openRedis, type RedisConnection } from '../../src/stores/redis/connections.ts'
import { EventTail } from '../../src/stores/redis/event-tail.ts'
import { createIdempotencyStore } from '../../src/stores/redis/idempotency.ts'
import { partitionTag } from '../../src/stores/redis/keys.ts'
import { createRateLimitStore } from '../../src/stores/redis/rate-limits.ts'
import { ScriptRunner } from '../../src/stores/redis/run-script.ts'
import { createUpkeepStore } from '../../src/stores/redis/upkeep.ts'
import { RedisVerificationStore } from '../../src/stores/redis/verifications.ts'
import { createTestRedis, until } from './infra.ts'
import { startStandins, type Standins } from './standins.ts'

/** Stands still until it is moved. It begins at the real time, since Redis's own clock decides what is kept. */
export type ManualClock = Clock & { advance(ms: number): void }

export type DomainOptions = { partitions?: number; policy?: Partial<VerificationPolicy>; redisUrl?: string; redisPatienceMs?: number }

/** What the domain reported: `repaired.job_missing`, `checked.approved` and so on, in order. */
export type RecordedTelemetry = Telemetry & { readonly events: string[] }

export type TestDomain = {
  accept: AcceptDeps
  deliver: DeliverDeps
  upkeep: UpkeepStore
  producer: JobProducer
  telemetry: RecordedTelemetry
  clock: ManualClock
  keyring: Keyring
  runner: ScriptRunner
  redis: RedisConnection
  redisUrl: string
  standins: Standins
  /** A start as the API would make it: `to` is a new number or address if left out. */
  start(
    request?: Record<string, unknown>,
    caller?: Caller,
    context?: Partial<RequestContext>,
  ): Promise<{ verification: Verification; replayed: boolean }>
  check(id: string, code: string, caller?: Caller): ReturnType<typeof checkVerification>
  /** Plays a worker's run of an attempt's job. */
  run(id: string, attempt?: number, options?: { fence?: Partial<Fence>; tries?: number; signal?: AbortSignal }): Promise<DeliverOutcome>
  code(id: string): string
  wrongCode(id: string): string
}

/** Who asks when a test does not care. */
export const someone: Caller = { kind: 'anonymous', network: '198.51.100.7' }

let drawn = 0
/** A phone number and an address that no test of this file has had. */
export const newPhone = (): string => `+1415555${String(1_000 + drawn++)}`
export const newAddress = (): string => `person-${drawn++}@example.com`

/** Builds everything on a Redis database of the file's own; it is closed after the file. */
export async function createDomain(options: DomainOptions = {}): Promise<TestDomain> {
  const secrets = generateSecrets()
  const clock = createManualClock()
  const telemetry = createRecorder()
  const standins = await startStandins(secrets)
  const redisUrl = options.redisUrl ?? (await createTestRedis())
  const redis = openRedis(redisUrl, 'impatient', 'test', () => {})
  const partitions = options.partitions ?? 1
  const runner = new ScriptRunner(redis, options.redisPatienceMs ?? 5_000)
  const tail = new EventTail(() => openRedis(redisUrl, 'tail', 'test-tail', () => {}), partitions)
  const producer = new JobProducer(redis, partitions, partitionTag)
  const keyring = Keyring.parse(secrets.MASTER_KEYS)
  const policy = createPolicy(partitions, options.policy)
  const verifications = new RedisVerificationStore(runner, tail, { partitions, isReplicated: false })
  const common = { clock, keyring, policy, verifications, telemetry }
  const accept: AcceptDeps = {
    ...common,
    idempotency: createIdempotencyStore(runner, partitions),
    limits: createRateLimitStore(runner, partitions),
    enqueue: (job) => producer.add(job),
    proofs: await createProofSigner({ key: new Secret(secrets.PROOF_KEY), issuer: policy.publicUrl, clock }),
  }
  const mail = createSmtpMail({ url: new Secret(standins.mail.url), from: 'Sallyport <no-reply@sallyport.test>' })
  const sms = createTwilioSms({
    accountSid: secrets.TWILIO_ACCOUNT_SID,
    authToken: new Secret(secrets.TWILIO_AUTH_TOKEN),
    from: '+15005550006',
    baseUrl: standins.twilio.url,
  })
  const deliver: DeliverDeps = { ...common, sms, mail, templates: createTemplates(join(projectRoot, 'templates')) }
  afterAll(async () => {
    mail.close()
    await tail.close()
    await producer.close()
    closeRedis(redis)
    await standins.stop()
  })
  await until(() => redis.status === 'ready')
  const parts = {
    accept,
    deliver,
    upkeep: createUpkeepStore(runner),
    producer,
    telemetry,
    clock,
    keyring,
    runner,
    redis,
    redisUrl,
    standins,
  }
  return { ...parts, ...createShortcuts(accept, deliver) }
}

function createShortcuts(accept: AcceptDeps, deliver: DeliverDeps): Pick<TestDomain, 'start' | 'check' | 'run' | 'code' | 'wrongCode'> {
  const code = (id: string): string => deriveCode(accept.keyring, id) ?? ''
  return {
    code,
    wrongCode: (id) => wrongCodes(code(id), 1)[0] ?? '',
    start: (request = {}, caller = someone, context = {}) => {
      const channel = request['channel'] ?? 'sms'
      const parsed = startVerificationRequest.parse({ channel, to: channel === 'email' ? newAddress() : newPhone(), ...request })
      return startVerification(accept, caller, parsed, { requestId: `req-${drawn++}`, ...context })
    },
    check: (id, code, caller = someone) => checkVerification(accept, caller, id, code, { requestId: `req-${drawn++}` }),
    run: (id, attempt = 1, { fence, tries = 1, signal = new AbortController().signal } = {}) => {
      const whole = { jobMs: accept.clock.nowMs(), starts: 1, ...fence }
      return deliverAttempt(
        deliver,
        { verificationId: id, attempt },
        { fence: whole, tries, backoff: registry['otp.send'].backoff, signal },
      )
    },
  }
}

/** `amount` codes of the same length, all different, none right. */
export function wrongCodes(right: string, amount: number): string[] {
  const all = Array.from({ length: amount + 1 }, (_, at) => String(at * 7 + 1).padStart(right.length, '0'))
  return all.filter((code) => code !== right).slice(0, amount)
}

/** What a promise was refused with; fails when it was not. */
export async function refusal(work: Promise<unknown>): Promise<{ code: ErrorCode } & ErrorDetails> {
  const outcome = await work.then(
    () => null,
    (error: unknown) => error,
  )
  if (outcome instanceof AppError) return { code: outcome.code, ...outcome.details }
  if (outcome === null) throw new Error('it was not refused')
  throw outcome
}

/** The same part with other methods in the place of some: an outage, a crash, a lost reply. */
export function replacing<Part extends object>(part: Part, methods: Partial<Part>): Part {
  return new Proxy(part, {
    get(target, name) {
      const method = (name in methods ? methods : target)[name as keyof Part]
      return typeof method === 'function' ? (method.bind(target) as unknown) : method
    },
  })
}

export function createManualClock(nowMs = Date.now()): ManualClock {
  return { nowMs: () => nowMs, advance: (ms) => void (nowMs += ms) }
}

/** The job of an attempt, as its intent names it. */
export function jobOf(id: string, attempt = 1, name: JobRequest['name'] = 'otp.send'): JobRequest {
  return { name, payload: { verificationId: id, attempt } }
}

function createRecorder(): RecordedTelemetry {
  const events: string[] = []
  return {
    events,
    accepted: (purpose, channel) => void events.push(`accepted.${purpose}.${channel}`),
    checked: (outcome) => void events.push(`checked.${outcome}`),
    sent: (provider, outcome) => void events.push(`sent.${provider}.${outcome}`),
    repaired: (kind) => void events.push(`repaired.${kind}`),
  }
}

function createPolicy(partitions: number, replace: Partial<VerificationPolicy> = {}): VerificationPolicy {
  return {
    brand: 'Sallyport',
    publicUrl: 'http://sallyport.test',
    channels: ['sms', 'email'],
    digits: 6,
    ttlSeconds: { phoneCode: 600, mailCode: 600, passwordReset: 1_800, mailLink: 86_400 },
    redirects: new Map([['shop', 'https://shop.example/welcome']]),
    isPublic: true,
    // Most tests share one network and are not about its limit.
    networkFactor: 1_000,
    requestsPerMinute: 0,
    partitions,
    ...replace,
  }
}

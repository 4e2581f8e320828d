// The real app over HTTP, with stubs only in the place of ports: what the surface itself does can be tried without Redis.
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import { createApp } from '../../src/api/app.ts'
import type { ApiConfig, ApiDeps } from '../../src/api/deps.ts'
import { createHttpServer } from '../../src/api/http-server.ts'
import type { LimitRefusal, VerificationRecord } from '../../src/domain/ports.ts'
import { Keyring } from '../../src/lib/keyring.ts'
import { projectRoot } from '../../src/lib/run-file.ts'
import { Secret } from '../../src/lib/secret.ts'
import { createLog } from '../../src/log.ts'
import { createConsoleSessions } from '../../src/providers/tokens/console-session.ts'
import { createJwtVerifier } from '../../src/providers/tokens/jwt-verifier.ts'
import { createSignerTexts } from '../../src/providers/signer-texts.ts'
import { createProofSigner } from '../../src/providers/tokens/proof-signer.ts'

export const jwtSecret = 'a secret of the tests, long enough'
export const adminKey = 'sk_admin'
export const twilioToken = 'twilio-token'
export const mailSecret = `whsec_${Buffer.from('mail-secret-of-the-tests').toString('base64')}`

export type Harness = {
  url: string
  deps: ApiDeps
  records: Map<string, VerificationRecord>
  calls: { name: string; input: unknown }[]
  logLines: string[]
  /** When set, the next limit that is asked refuses. */
  refusal: { next: LimitRefusal | null }
  fetch: (path: string, init?: RequestInit) => Promise<Response>
  post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>
  close: () => Promise<void>
}

/** A user's JWT as a caller would bring it. */
export function createToken(claims: Record<string, unknown> = {}, subject = 'alice'): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(subject)
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(jwtSecret))
}

const publicUrl = 'http://localhost:3000'

export const defaultConfig: ApiConfig = {
  NODE_ENV: 'test',
  PUBLIC_URL: publicUrl,
  PUBLIC_API: true,
  CORS_ORIGINS: ['https://app.example.com'],
  TRUST_PROXY: ['loopback'],
  BRAND_NAME: 'Sallyport',
  BOARD_WRITE: false,
  METRICS_PORT: undefined,
  TWILIO_AUTH_TOKEN: new Secret(twilioToken),
  EMAIL_CALLBACK_SECRET: new Secret(mailSecret),
}

export type RealParts = Partial<Omit<ApiDeps, 'telemetry'>> & { telemetry?: Partial<ApiDeps['telemetry']> }

/** Starts the app on a free port, with real parts where a test has some. Close it in the test that started it. */
export async function startApi(config: Partial<ApiConfig> = {}, parts: RealParts = {}): Promise<Harness> {
  const records = new Map<string, VerificationRecord>()
  const calls: Harness['calls'] = []
  const logLines: string[] = []
  const refusal: Harness['refusal'] = { next: null }
  const stubs = await createDeps({ ...defaultConfig, ...config }, { records, calls, logLines, refusal })
  const deps: ApiDeps = { ...stubs, ...parts, telemetry: { ...stubs.telemetry, ...parts.telemetry } }
  const server = createHttpServer(createApp(deps), { log: deps.log, requested: deps.telemetry.requested })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const send: Harness['fetch'] = (path, init) => fetch(url + path, { redirect: 'manual', ...init })
  return {
    url,
    deps,
    records,
    calls,
    logLines,
    refusal,
    fetch: send,
    post: (path, body, headers = {}) =>
      send(path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Books = Pick<Harness, 'records' | 'calls' | 'logLines' | 'refusal'>

async function createDeps(config: ApiConfig, { records, calls, logLines, refusal }: Books): Promise<ApiDeps> {
  const clock = { nowMs: () => Date.now() }
  const keyring = Keyring.parse(`k1:${randomBytes(32).toString('base64')}`)
  const sink = new Writable({ write: (chunk, _encoding, done) => (logLines.push(String(chunk)), done()) })
  const proofKey = JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }))
  const proofs = await createProofSigner({ key: new Secret(proofKey), issuer: config.PUBLIC_URL, clock })
  const silent = () => {}
  const ended = new Set<string>()
  return {
    clock,
    keyring,
    log: createLog('test', 'trace', sink),
    config,
    policy: {
      brand: config.BRAND_NAME,
      publicUrl: config.PUBLIC_URL,
      channels: ['sms', 'email'],
      digits: 6,
      ttlSeconds: { phoneCode: 600, mailCode: 600, passwordReset: 1_800, mailLink: 86_400 },
      redirects: new Map([['console', 'https://console.example.com/done']]),
      isPublic: config.PUBLIC_API,
      networkFactor: 1,
      requestsPerMinute: 600,
      partitions: 1,
    },
    verifications: stubStore(records, calls),
    idempotency: { claim: async (_key, id) => ({ kind: 'claimed', id }), settle: async () => {}, release: async () => {} },
    limits: {
      take: async (rules, useId) => {
        calls.push({ name: 'limit', input: { rules, useId } })
        const next = refusal.next
        refusal.next = null
        return next
      },
    },
    enqueue: async () => {},
    proofs,
    telemetry: { accepted: silent, checked: silent, sent: silent, repaired: silent, requested: silent },
    verifyJwt: createJwtVerifier({ secret: new Secret(jwtSecret) }),
    apiKeys: {
      findByHash: async (hash) =>
        hash.equals(createHash('sha256').update(adminKey).digest()) ? { keyId: 'key_1', scopes: ['admin'] } : null,
    },
    sessions: createConsoleSessions({
      keyring,
      clock,
      ended: { end: async (id) => void ended.add(id), isEnded: async (id) => ended.has(id) },
    }),
    signerTexts: createSignerTexts(join(projectRoot, 'templates')),
    stopping: new AbortController().signal,
    revocations: { standing: async () => ({ kind: 'ok', unusual: [] }), revoke: async () => {} },
    sessionTelemetry: { sessionChanged: silent, tokenChecked: silent, loginTold: silent, unusual: silent },
    revocationFeed: { watch: () => () => {} },
    ...({} as Pick<
      ApiDeps,
      'sessionStore' | 'sessionUuids' | 'sessionUuidBook' | 'loginAttempts' | 'exactLimits' | 'activityTrail' | 'cache'
    >),
    jwks: proofs.jwks,
    readiness: async () => ({ ready: false, parts: { redis: { ready: false, detail: 'does not answer' } } }),
    metrics: async () => 'sallyport_up 1\n',
    boardQueues: [],
    listingsPerMinute: 60,
    // The surface tests keep no temporary state.
    states: {} as ApiDeps['states'],
    spentIds: {} as ApiDeps['spentIds'],
    stateTokens: {} as ApiDeps['stateTokens'],
    stateStatistics: {} as ApiDeps['stateStatistics'],
    stateFeed: {} as ApiDeps['stateFeed'],
    events: { append: () => Promise.resolve() },
    // Nor audit, webhooks, keys or failed jobs.
    ...({} as Pick<
      ApiDeps,
      | 'audit'
      | 'vault'
      | 'checkpoints'
      | 'checkpointSigner'
      | 'apiKeyBook'
      | 'webhooks'
      | 'refuseUrl'
      | 'failedJobs'
      | 'deliverSoon'
      | 'queueNames'
    >),
    // Nor retention and evidence.
    ...({} as Pick<ApiDeps, 'retention' | 'packFiles' | 'evidenceSigner' | 'verifierSource' | 'publicUrl' | 'software'>),
    ...({} as Pick<ApiDeps, 'checks' | 'ruleSet'>),
    // Nor uploads, nor documents.
    ...({ uploadPolicy: { maxBytes: 1 } } as Pick<
      ApiDeps,
      | 'uploadPolicy'
      | 'uploads'
      | 'storedUploads'
      | 'blobs'
      | 'documents'
      | 'documentRows'
      | 'documentResults'
      | 'envelopes'
      | 'sealingKey'
      | 'notices'
      | 'notifications'
    >),
    submissions: {} as ApiDeps['submissions'],
    catalogue: { newest: () => null, version: () => null, onboardingFor: () => null, list: () => [] },
    outbox: async (to) => [{ to: to ?? 'everyone' }],
  }
}

/** Remembers what it was asked and answers from the records. */
function stubStore(records: Books['records'], calls: Books['calls']): ApiDeps['verifications'] {
  const notStubbed = async () => {
    throw new TypeError('the stub does not know this call')
  }
  return {
    read: async (id) => records.get(id) ?? null,
    readAttempts: async (id) => (records.has(id) ? [] : null),
    start: async (input) => {
      calls.push({ name: 'start', input })
      return { kind: 'created', job: { name: input.job, payload: { verificationId: input.record.id, attempt: 1 } } }
    },
    check: async (input) => {
      calls.push({ name: 'check', input })
      const record = records.get(input.id)
      if (!record || input.guessTag !== input.answerTag) return { kind: 'incorrect', attemptsRemaining: 2 }
      const approved: VerificationRecord = { ...record, status: 'approved', approvedAtMs: input.nowMs }
      records.set(input.id, approved)
      return { kind: 'approved', record: approved }
    },
    receive: async (id, attempt, receipt) => {
      calls.push({ name: 'receive', input: { id, attempt, receipt } })
      return records.has(id)
    },
    watch: () => ({ changed: new Promise(() => {}), stop: () => {} }),
    resend: notStubbed,
    cancel: notStubbed,
    claimAttempt: notStubbed,
    settleAttempt: notStubbed,
    useProof: async () => true,
  }
}

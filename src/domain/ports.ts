// What the domain needs from the world: shapes only. stores, providers and queues/bullmq.ts implement them, bin hands them over as Deps.
import type { AttemptStatus, Channel, LinkMode, Method, Purpose, VerificationStatus } from '../contracts/verification.ts'
import type { ErrorCode } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { Keyring } from '../lib/keyring.ts'
import type { JobName, JobPayload } from '../queues/registry.ts'
import type { Trace } from './state-ports.ts'

/** At most `limit` in any window of `windowMs`. `name` is what a refusal calls it. */
export type LimitWindow = { name: string; limit: number; windowMs: number }

/**
 * One counter and its windows. `exact` keeps every moment (small limits); `smooth` keeps two numbers and weighs the previous window
 * (large limits). `subject` is a fingerprint. The shortest window comes first.
 */
export type LimitRule = {
  kind: string
  subject: string
  style: 'exact' | 'smooth'
  /** Where it is counted: beside the destination's records, or in the subject's own partition. */
  home: 'destination' | 'own'
  windows: readonly LimitWindow[]
}

/** Which rule refused, and when to come back. */
export type LimitRefusal = { window: LimitWindow; retryAfterMs: number }

export type RateLimitStore = {
  /** Counts one use of each rule, all or none; the refusal of the first rule that is full, else null. A repeat of `useId` counts once. */
  take(rules: readonly LimitRule[], useId: string, nowMs: number): Promise<LimitRefusal | null>
}

/**
 * An idempotency key as the stores know it: fingerprints only. `alsoKey` is where the answer is kept besides: a browser that came without its
 * cookie will repeat with the one it was given. `answerId` is what the answer is sealed under, the same for both.
 */
export type IdempotencyKey = { key: string; alsoKey?: string; body: string; answerId: string }

export type IdempotencyClaim =
  | { kind: 'claimed'; id: string }
  | { kind: 'replay'; sealedAnswer: string }
  | { kind: 'in_progress' }
  | { kind: 'reused' }

export type IdempotencyStore = {
  /** Takes the key for `leaseMs`; `id` is what the work will be called, and a claim taken over after a crash gives the first one's. */
  claim(key: IdempotencyKey, id: string, leaseMs: number, nowMs: number): Promise<IdempotencyClaim>
  /** Keeps the answer for 24 hours. */
  settle(key: IdempotencyKey, sealedAnswer: string): Promise<void>
  /** Frees the key after a refusal. */
  release(key: IdempotencyKey): Promise<void>
}

export type StartedBy = 'anonymous' | 'user' | 'server'

/** What is stored of a verification in clear; everything personal is in `sealed`. */
export type VerificationRecord = {
  id: string
  status: VerificationStatus
  sequence: number
  channel: Channel
  method: Method
  linkMode?: LinkMode
  purpose: Purpose
  maskedTo: string
  destination: string
  caller: string
  /** Fingerprint of the user that it is for, where one is named: somebody else's live verification is not this one's. */
  subject?: string
  /** Whether nobody in particular, a signed-in user or a server started it: how far its `userId` can be believed. */
  startedBy: StartedBy
  binding?: string
  maxAttempts: number
  wrongCodes: number
  sends: number
  resendAtMs: number
  createdAtMs: number
  expiresAtMs: number
  approvedAtMs?: number
  approvedVia?: 'code' | 'link'
  sealed: string
}

export type AttemptRecord = {
  number: number
  channel: Channel
  status: AttemptStatus
  provider?: string
  reference?: string
  reason?: string
  createdAtMs: number
  updatedAtMs: number
}

export type NewVerification = Omit<
  VerificationRecord,
  'status' | 'sequence' | 'wrongCodes' | 'sends' | 'resendAtMs' | 'approvedAtMs' | 'approvedVia'
>

/** How often messages may follow each other; data for the scripts. */
export type SendRules = { maxSends: number; cooldownsMs: readonly number[]; burst: { resends: number; windowMs: number } }

/** How often a code may be wrong besides the verification's own limit, and for how long an approval is repeated. */
export type GuessRules = { perCaller: LimitWindow; inARow: number; inARowKeptMs: number; repeatMs: number }

export type StartInput = {
  partition: number
  record: NewVerification
  job: JobName
  requestId: string
  limits: readonly LimitRule[]
  sends: SendRules
  guesses: GuessRules
  idempotency?: IdempotencyKey & { sealedAnswer: string }
  nowMs: number
}

/** A job that is owed: its name and payload. */
export type JobRequest = { name: JobName; payload: JobPayload<JobName> }

/** Nothing can be done any more; `expiresAtMs` is when its time would have been over. */
export type Ended = { kind: 'ended'; status: VerificationStatus; expiresAtMs: number }

export type StartOutcome =
  | { kind: 'created'; job: JobRequest }
  | { kind: 'live'; id: string }
  | { kind: 'replay'; sealedAnswer: string }
  | { kind: 'limited'; refusal: LimitRefusal }
  | { kind: 'refused'; code: ErrorCode }

export type ResendInput = { id: string; job: JobName; requestId: string; actor: string; sends: SendRules; nowMs: number }
export type ResendOutcome =
  | { kind: 'queued'; record: VerificationRecord; job: JobRequest }
  | Ended
  | { kind: 'refused'; code: ErrorCode; retryAfterMs?: number }

export type CancelOutcome = { kind: 'canceled'; record: VerificationRecord } | Ended | { kind: 'refused'; code: ErrorCode }

/** Tags are keyed digests of the guess and of the right answer. `caller` is a fingerprint. */
export type CheckInput = {
  id: string
  guessTag: string
  answerTag: string
  via: 'code' | 'link'
  caller: string
  limits: readonly LimitRule[]
  guesses: GuessRules
  requestId: string
  nowMs: number
}
export type CheckOutcome =
  | { kind: 'approved'; record: VerificationRecord }
  | { kind: 'incorrect'; attemptsRemaining: number }
  | { kind: 'limited'; refusal: LimitRefusal }
  | Ended
  | { kind: 'refused'; code: ErrorCode; retryAfterMs?: number }

/** Who runs an attempt: the job's own time stamp and how often it was started. A later pair supersedes an earlier one. */
export type Fence = { jobMs: number; starts: number }

export type ClaimOutcome =
  | { kind: 'go'; record: VerificationRecord; requestId: string }
  /** Nothing is left to do: settled before, superseded, or the verification has ended. */
  | { kind: 'done'; status: AttemptStatus | 'stale' | 'missing' }

/** What became of a try. `again` puts the attempt back to queued: nothing was accepted. */
export type Settlement =
  | { kind: 'accepted'; provider: string; reference: string }
  | { kind: 'rejected'; provider: string; reason: string }
  | { kind: 'again'; reason: string }
  | { kind: 'unknown'; provider: string; reason: string }

export type SettleOutcome = 'settled' | 'repeat' | 'stale'

export type Receipt = { status: Extract<AttemptStatus, 'accepted' | 'delivered' | 'read' | 'undelivered'>; reason?: string }

/** One use of a proof: the same `useId` again is the same use. It is remembered until `untilMs`. */
export type ProofUse = { useId: string; untilMs: number }

/** One look-out for changes. */
export type Watch = { changed: Promise<void>; stop: () => void }

export type VerificationStore = {
  start(input: StartInput): Promise<StartOutcome>
  read(id: string): Promise<VerificationRecord | null>
  readAttempts(id: string): Promise<AttemptRecord[] | null>
  resend(input: ResendInput): Promise<ResendOutcome>
  check(input: CheckInput): Promise<CheckOutcome>
  cancel(id: string, trace: Trace, nowMs: number): Promise<CancelOutcome>
  claimAttempt(id: string, attempt: number, fence: Fence, nowMs: number): Promise<ClaimOutcome>
  settleAttempt(id: string, attempt: number, fence: Fence, settlement: Settlement, nowMs: number): Promise<SettleOutcome>
  /** Merges a provider's receipt by rank; false when there is no such attempt. */
  receive(id: string, attempt: number, receipt: Receipt, nowMs: number): Promise<boolean>
  /** Spends the proof of a verification, with its event: false when it was spent before by another use. */
  useProof(id: string, proofId: string, use: ProofUse, trace: Trace, nowMs: number): Promise<boolean>
  /** `changed` resolves once an event of this verification is seen after the call; `stop` forgets it. Events may be missed: read again in time. */
  watch(id: string): Watch
}

/** An intent as it was written, perhaps by another version: name and payload are still to be read. */
export type StoredIntent = { jobId: string; name: string; payload: unknown }

/** What the loops beside the jobs need: work that was accepted and not settled, and records past their time. */
export type UpkeepStore = {
  /** Intents whose moment of inspection has come, oldest first. */
  dueIntents(partition: number, limit: number, nowMs: number): Promise<StoredIntent[]>
  /** Looks at this intent again at `atMs`, if it is still there. */
  postponeIntent(partition: number, jobId: string, atMs: number): Promise<void>
  /** Ends an attempt whose job ended without settling it. */
  abandonAttempt(id: string, attempt: number, jobId: string, reason: string, nowMs: number): Promise<void>
  /** Ends up to `limit` verifications whose time is over; how many there were. */
  expireDue(partition: number, limit: number, nowMs: number): Promise<number>
  /** True while this process holds the named lease, which it then renews. */
  holdLease(name: string, owner: string, leaseMs: number): Promise<boolean>
}

/** `data` is small and not personal. */
export type NewEvent = { type: string; subject: string; sequence: number; data?: Readonly<Record<string, string>> }

/** Writes events that belong to no change of a record: `sequence` rises per subject; writing one twice is for readers to notice. */
export type EventLog = {
  append(partition: number, events: NewEvent | readonly NewEvent[], trace: Trace, nowMs: number): Promise<void>
}

/** Puts a job on its queue under its own id, to run after `delayMs`; doing it twice is doing it once. */
export type Enqueue = (job: JobRequest, delayMs?: number) => Promise<void>

export type TextMessage = { to: string; text: string; statusCallback: string }
export type MailMessage = { to: string; subject: string; text: string; html: string; messageId: string; locale: string }

/**
 * What a provider said. `transient`: surely not accepted, may be tried again (not before `retryAfterMs`). `permanent`: refused for good.
 * `unknown`: it may have been accepted. `reason` is a short code, never a vendor's sentence.
 */
export type Delivery =
  | { kind: 'accepted'; reference: string }
  | { kind: 'transient'; reason: string; retryAfterMs?: number }
  | { kind: 'permanent'; reason: string }
  | { kind: 'unknown'; reason: string }

export type SmsProvider = { name: string; send(message: TextMessage, signal: AbortSignal): Promise<Delivery> }
export type MailProvider = { name: string; send(message: MailMessage, signal: AbortSignal): Promise<Delivery>; close(): void }

export type ProofClaims = {
  proofId: string
  verificationId: string
  purpose: Purpose
  channel: Channel
  maskedTo: string
  toSha256: string
  userId: string | null
  startedBy: StartedBy
  approvedAtMs: number
}

/** Signs and reads proofs: compact JWS, EdDSA, `typ` proof+jwt, five minutes. The same claims give the same proof. */
export type ProofSigner = {
  sign(claims: ProofClaims): Promise<string>
  verify(proof: string): Promise<{ kind: 'valid'; claims: ProofClaims } | { kind: 'expired' } | { kind: 'invalid' }>
}

export type RenderedText = { text: string }
export type RenderedMail = { subject: string; text: string; html: string }
export type MessageFacts = {
  brand: string
  name?: string
  code: string
  minutes: number
  link?: string
  locale: string
  purpose: Purpose
  webOtpOrigin?: string
}

export type Templates = { text(facts: MessageFacts): RenderedText; mail(facts: MessageFacts): RenderedMail }

/** Counters and timings that the domain reports; labels are of low cardinality and never personal. */
export type Telemetry = {
  accepted(purpose: Purpose, channel: Channel): void
  checked(outcome: string): void
  sent(provider: string, outcome: string, seconds: number): void
  repaired(kind: string): void
}

/** The policy of verifications, from the settings. Durations in seconds where clients see them. */
export type VerificationPolicy = {
  brand: string
  publicUrl: string
  channels: readonly Channel[]
  digits: number
  ttlSeconds: { phoneCode: number; mailCode: number; passwordReset: number; mailLink: number }
  allowedCountries?: readonly string[]
  redirects: ReadonlyMap<string, string>
  /** Whether an id alone opens its verification (PUBLIC_API). */
  isPublic: boolean
  webOtpOrigin?: string
  /** Multiplies the starts allowed from one network: 10 in development. */
  networkFactor: number
  requestsPerMinute: number
  partitions: number
}

/** Signed sessions that count no more, by their id. Both reject with `service_degraded` when that cannot be told. */
export type EndedSessions = {
  /** Kept until the session would have ended by itself. */
  end(id: string, untilMs: number): Promise<void>
  isEnded(id: string): Promise<boolean>
}

/** What the API hands to the domain. */
export type AcceptDeps = {
  clock: Clock
  keyring: Keyring
  policy: VerificationPolicy
  verifications: VerificationStore
  idempotency: IdempotencyStore
  limits: RateLimitStore
  enqueue: Enqueue
  proofs: ProofSigner
  telemetry: Telemetry
}

/** What a worker hands to the domain. */
export type DeliverDeps = {
  clock: Clock
  keyring: Keyring
  policy: VerificationPolicy
  verifications: VerificationStore
  sms: SmsProvider
  mail: MailProvider
  templates: Templates
  telemetry: Telemetry
}

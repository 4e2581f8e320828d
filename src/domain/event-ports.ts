// What audit, webhooks and API keys need from the world: shapes only. stores and providers implement them, bin hands them over.
import type { ApiKeyScope } from '../contracts/api-key.ts'
import type { AuditEntry } from '../contracts/audit.ts'
import type { WebhookScheme } from '../contracts/webhook.ts'
import type { NewEvent } from './ports.ts'
import type { Trace } from './state-ports.ts'

/** Who reads the streams to the end: each has a place of its own in every stream. */
export const drainNames = ['audit', 'webhooks'] as const
export type DrainName = (typeof drainNames)[number]

/** An event as a drain takes it. `id` is the same however often it is taken; `position` is its place in the stream of its partition. */
export type StreamEvent = {
  id: string
  partition: number
  position: string
  type: string
  subject: string
  sequence: number
  atMs: number
  requestId: string
  actor: string
  data: Readonly<Record<string, unknown>>
}

/** An event that happened in Postgres, kept there until it is in a stream. */
export type OutboxEvent = NewEvent & Trace & { id: string; partition: number; atMs: number }

export type EventStreams = {
  /** The oldest events that this drain has not acknowledged, from the first one that was ever written; at most `limit`. */
  take(partition: number, drain: DrainName, limit: number): Promise<StreamEvent[]>
  acknowledge(partition: number, drain: DrainName, positions: readonly string[]): Promise<void>
  /** Removes what every drain has acknowledged, but for the newest 10,000. Bounded; how many there were. */
  trim(partition: number): Promise<number>
  /** The age of the oldest event that this drain has not acknowledged; 0 when there is none. */
  lagMs(partition: number, drain: DrainName, nowMs: number): Promise<number>
  /** Adds an event that has its id already; adding it twice is for the drains to notice. */
  append(event: OutboxEvent): Promise<void>
}

export type Outbox = {
  /** The oldest ones, up to `limit`. */
  waiting(limit: number): Promise<OutboxEvent[]>
  remove(ids: readonly string[]): Promise<void>
}

/** Where a drain puts events. Throws `service_degraded` when Postgres is away. */
export type DrainSink = {
  /**
   * Takes the turn if no other process has it, and stores what `read` gives in the same transaction: all of it or nothing. What was stored before is not stored
   * again. How many are new; null when another process has the turn.
   */
  store(read: () => Promise<readonly StreamEvent[]>): Promise<number | null>
}

/** Where a chain ends. */
export type ChainHead = { sequence: number; hash: string }

/** What an entry says before it has its place in the chain. */
export type AuditFacts = Omit<AuditEntry, 'sequence' | 'previousHash' | 'hash'>

/** `actors` are fingerprints, any of which fits; `action` may end in `.*`. Times include `fromMs` and exclude `toMs`. */
export type AuditFilter = { actors?: readonly string[]; action?: string; subject?: string; fromMs?: number; toMs?: number }

/** Entries that were moved out of the table: `name` is the file. */
export type AuditArchive = { name: string; firstSequence: number; lastSequence: number; lastHash: string; createdAtMs: number }

/** The trail as it is stored. Throws `service_degraded` when Postgres is away. */
export type AuditStore = {
  /** The end of the chain, archives included; sequence 0 before the first entry. */
  head(): Promise<ChainHead>
  /** Entries after a sequence in their order, at most `limit`. */
  read(afterSequence: number, limit: number, filter?: AuditFilter): Promise<AuditEntry[]>
  /** Newest first, before a sequence. */
  page(filter: AuditFilter, beforeSequence: number | undefined, limit: number): Promise<AuditEntry[]>
  /** How many fit, counted up to `most`. */
  count(filter: AuditFilter, most: number): Promise<number>
  /** In the order of their entries. */
  archives(): Promise<AuditArchive[]>
  /** Records an archive and removes its entries from the table, in one step; the event tells of it. */
  recordArchive(archive: AuditArchive, event: OutboxEvent): Promise<void>
}

/** Says that the chain ended so at that time; `at` is ISO 8601. */
export type Checkpoint = ChainHead & { at: string }

/** Signs checkpoints; `read` gives null for what it did not sign (an older key's among them). */
export type CheckpointSigner = { sign(checkpoint: Checkpoint): Promise<string>; read(signed: string): Promise<Checkpoint | null> }

/** Where signed checkpoints are kept, away from the database that they speak of. */
export type CheckpointSink = {
  append(checkpoint: Checkpoint, signed: string): Promise<void>
  /** In the order in which they were appended, from the beginning. */
  all(): AsyncIterable<string>
  /** The newest first. */
  newest(): AsyncIterable<string>
}

/** Where archives are kept: compressed, one JSON value a line. */
export type ArchiveVault = {
  /** Writes all lines or nothing; a file of the same name is replaced. */
  write(name: string, lines: AsyncIterable<string>): Promise<void>
  /** Throws when there is no such file. */
  read(name: string): AsyncIterable<string>
}

export type WebhookEndpoint = {
  id: string
  url: string
  events: readonly string[]
  scheme: WebhookScheme
  description: string
  /** Why it gets nothing any more; null while it does. */
  disabledReason: string | null
  sealedSecret: string
  previousSealedSecret: string | null
  previousUntilMs: number | null
  version: number
  createdAtMs: number
  updatedAtMs: number
}

export type WebhookEndpointChange = Partial<
  Pick<WebhookEndpoint, 'url' | 'events' | 'description' | 'disabledReason' | 'sealedSecret' | 'previousSealedSecret' | 'previousUntilMs'>
>

export type DeliveryStatus = 'pending' | 'delivered' | 'dead'

/** One event for one endpoint. `attempts` are all tries, `roundStart` those before the last replay. */
export type WebhookDelivery = {
  id: string
  endpointId: string
  eventId: string
  type: string
  status: DeliveryStatus
  attempts: number
  roundStart: number
  nextAttemptAtMs: number
  reason: string | null
  createdAtMs: number
  endedAtMs: number | null
}

export type WebhookAttempt = {
  deliveryId: string
  number: number
  atMs: number
  durationMs: number
  outcome: string
  status: number | null
}

/** What a drain decided to send: the body is the same for every endpoint and every try. */
export type PlannedEvent = { eventId: string; type: string; body: string; deliveries: readonly { id: string; endpointId: string }[] }

export type DeliveryClaim =
  | { kind: 'go'; delivery: WebhookDelivery; endpoint: WebhookEndpoint; body: string }
  /** The try is under way elsewhere, or the endpoint has as many as it may. */
  | { kind: 'busy' }
  | { kind: 'done' }

/** What became of a try, and what follows. `disable` says why the endpoint gets nothing any more. */
export type DeliverySettlement = {
  attempt: WebhookAttempt
  status: DeliveryStatus
  reason: string | null
  nextAttemptAtMs: number
  disable?: string
}

/** Endpoints and deliveries, durable. Changes write their events with them. Throws `service_degraded` when Postgres is away. */
export type WebhookStore = {
  create(endpoint: WebhookEndpoint, most: number, event: OutboxEvent): Promise<boolean>
  find(id: string): Promise<WebhookEndpoint | null>
  list(after: string | undefined, limit: number): Promise<{ endpoints: WebhookEndpoint[]; total: number }>
  /** Null when there is none. `eventOf` is given the changed endpoint. */
  change(
    id: string,
    change: WebhookEndpointChange,
    nowMs: number,
    eventOf: (changed: WebhookEndpoint) => OutboxEvent,
  ): Promise<WebhookEndpoint | null>
  /** Removes it with its deliveries. */
  remove(id: string, eventOf: (removed: WebhookEndpoint) => OutboxEvent): Promise<boolean>
  /** Stores one event for one endpoint, now. */
  plan(event: PlannedEvent, nowMs: number): Promise<void>
  deliveries(
    endpointId: string,
    before: string | undefined,
    limit: number,
  ): Promise<{ deliveries: WebhookDelivery[]; attempts: WebhookAttempt[]; total: number }>
  findDelivery(id: string): Promise<WebhookDelivery | null>
  /** Takes a try for `leaseMs`, unless the endpoint has `mostAtOnce` under way. */
  claim(id: string, attempt: number, nowMs: number, leaseMs: number, mostAtOnce: number): Promise<DeliveryClaim>
  /** Gives a try back that did not take place. */
  release(id: string): Promise<void>
  settle(id: string, settlement: DeliverySettlement, events: readonly OutboxEvent[]): Promise<void>
  /** Those whose job is to be looked for now; each is looked for again after `againMs`. */
  owed(limit: number, nowMs: number, againMs: number): Promise<{ id: string; attempt: number }[]>
  dead(before: string | undefined, limit: number): Promise<{ deliveries: WebhookDelivery[]; total: number }>
  /** Begins a new round of tries; false when it is pending already or unknown. */
  replay(id: string, atMs: number, event: OutboxEvent): Promise<boolean>
  /** Removes events and deliveries that ended before a time; bounded, how many. */
  forget(endedBeforeMs: number): Promise<number>
}

export type WebhookRequest = { url: string; headers: Readonly<Record<string, string>>; body: string }

/** What a receiver said: a status, or why there is none (a short code). */
export type WebhookAnswer =
  | { kind: 'answered'; status: number; retryAfter?: string }
  | { kind: 'failed'; reason: 'timeout' | 'connection' | 'tls' | 'name' | 'address_refused' | 'aborted' }

/** Sends one request to a public address over https, follows nothing, and gives up after 15 s. */
export type WebhookSender = (request: WebhookRequest, signal: AbortSignal) => Promise<WebhookAnswer>

export type ApiKeyRecord = {
  id: string
  name: string
  scopes: readonly ApiKeyScope[]
  version: number
  createdAtMs: number
  lastUsedAtMs: number | null
  previousUntilMs: number | null
  revokedAtMs: number | null
}

/** Keys by the SHA-256 of what is shown once. Changes write their events with them. Throws `service_degraded` when Postgres is away. */
export type ApiKeyBook = {
  insert(key: { id: string; name: string; hash: Buffer; scopes: readonly ApiKeyScope[] }, nowMs: number, event: OutboxEvent): Promise<void>
  list(after: string | undefined, limit: number): Promise<{ keys: ApiKeyRecord[]; total: number }>
  find(id: string): Promise<ApiKeyRecord | null>
  /** A second time changes nothing; null when there is no such key. */
  revoke(id: string, nowMs: number, eventOf: (version: number) => OutboxEvent): Promise<ApiKeyRecord | null>
  /** The old key goes on until `previousUntilMs`; null when there is no such key or it was revoked. */
  rotate(id: string, hash: Buffer, previousUntilMs: number, eventOf: (version: number) => OutboxEvent): Promise<ApiKeyRecord | null>
}

/** A job that was given up. */
export type FailedJob = { queue: string; partition: number; id: string; name: string; reason: string; tries: number; failedAtMs: number }

/** The jobs that were given up, as the queue engine keeps them. */
export type FailedJobs = {
  list(queue: string, limit: number): Promise<FailedJob[]>
  count(queue: string): Promise<number>
  /** Puts it back in line; false when it is no longer there as failed. */
  retry(job: Pick<FailedJob, 'queue' | 'partition' | 'id'>): Promise<boolean>
}

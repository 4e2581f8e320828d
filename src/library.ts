// What a program gets that imports the package instead of calling the API: stores of pending operations over its own Redis, or over tokens alone.
// Same engine, same tokens as the API; whoever holds the store may do everything with it, so rights and limits are the program's own.
import type { ConsumedOperation, CreatedOperation, PendingOperation } from './contracts/pending-operation.ts'
import type { Caller } from './domain/caller.ts'
import { RedisPatience } from './domain/pending-operations/admission.ts'
import { consumeOperation } from './domain/pending-operations/consume.ts'
import { createOperation } from './domain/pending-operations/create.ts'
import { listOperations } from './domain/pending-operations/list.ts'
import type { ListDeps } from './domain/pending-operations/operation.ts'
import { lifetimeMs } from './domain/pending-operations/policy.ts'
import { verifyToken } from './domain/pending-operations/read.ts'
import { updateOperation } from './domain/pending-operations/update.ts'
import { systemClock } from './lib/clock.ts'
import { MINUTE_MS, SECOND_MS } from './lib/durations.ts'
import { Keyring } from './lib/keyring.ts'
import { createStateTokens } from './providers/tokens/state-tokens.ts'
import { closeRedis, openRedis, type RedisConnection } from './stores/redis/connections.ts'
import { ScriptRunner } from './stores/redis/run-script.ts'
import { createSpentIds } from './stores/redis/spent-ids.ts'
import { RedisStateStore } from './stores/redis/states.ts'

export { AppError, type ErrorCode } from './errors.ts'
export type { ConsumedOperation, CreatedOperation, PendingOperation }

/** Seconds, or such as `"90s"`, `"30m"`, `"24h"`, `"7d"`; 30 days at most. */
export type Lifetime = number | string

export type StoreOptions = {
  /** Where operations live: in Redis, in their encrypted token, or in Redis and in the token while Redis is away. `redis` if left out. */
  backend?: 'redis' | 'jwt' | 'auto'
  /** Master keys as in MASTER_KEYS: `kid:base64,…` of at least 32 bytes each. The first one writes, all of them read. */
  keys: string
  /** A URL, or an ioredis connection, which stays the giver's to close. `jwt` needs it too where a token is to be used once. */
  redis?: string | RedisConnection
  /** Put before every key; without braces. `sallyport:` if left out. */
  redisKeyPrefix?: string
  /** Of operations that name no lifetime; the type's own if left out. */
  defaultExpiration?: Lifetime
}

/** `type` replaces the store's own. */
export type NewPendingOperation<Data> = {
  type?: string
  data: Data
  expiresIn?: Lifetime
  recipient?: string
  channel?: string
  purpose?: string
  metadata?: Record<string, unknown>
}

/** An operation with all its data, as `verify` and `consume` give it. */
export type OpenOperation<Data> = Omit<ConsumedOperation, 'data'> & { data: Data }

export type OperationPage = { nodes: PendingOperation[]; totalCount: number; hasNextPage: boolean; endCursor: string | null }

export type PendingOperationStore<Data extends object = Record<string, unknown>> = {
  /** Begins an operation; the token is to be found nowhere else later. */
  create(operation: NewPendingOperation<Data>): Promise<CreatedOperation>
  /** The operation of a token with its data; null when it is invalid, expired, used or of another type. Consumes nothing. */
  verify(token: string, type?: string): Promise<OpenOperation<Data> | null>
  /** Merges the data (RFC 7396), compare-and-set. Throws an AppError: `version_conflict`, `not_updatable` for a token that holds its data, and others. */
  update(token: string, data: Partial<Data>, options?: { version?: number }): Promise<PendingOperation>
  /** Takes the data, once. Throws an AppError: `token_invalid`, `token_used`, `token_expired`, `operation_type_mismatch`, `service_degraded`. */
  consume(token: string, type?: string): Promise<OpenOperation<Data>>
  /** Those in Redis, newest first, without secrets. */
  list(query?: {
    type?: string
    recipient?: string
    status?: PendingOperation['status']
    q?: string
    first?: number
    after?: string
  }): Promise<OperationPage>
  /** Removes what is past its time and says how much that was; `create` does so by itself once a minute. */
  cleanUp(): Promise<number>
  /** Closes what the store has opened. */
  close(): Promise<void>
}

const timeoutMs = 700
const sweepBatch = 500

/** A store for operations of any type: `create` names it, or the options of `createPendingOperationStore` do. */
export function createPendingOperationStore<Data extends object = Record<string, unknown>>(
  options: StoreOptions & { type?: string },
): PendingOperationStore<Data> {
  return new Store<Data>(options, options.type)
}

/** A store of registrations: 24 hours unless told otherwise. */
export function createRegistrationStore<Data extends object = Record<string, unknown>>(options: StoreOptions): PendingOperationStore<Data> {
  return new Store<Data>(options, 'registration')
}

/** A store of campaigns that are being put together: one hour unless told otherwise. */
export function createCampaignStore<Data extends object = Record<string, unknown>>(options: StoreOptions): PendingOperationStore<Data> {
  return new Store<Data>(options, 'campaign')
}

/** A store of half-filled forms: 30 minutes unless told otherwise. */
export function createFormStore<Data extends object = Record<string, unknown>>(options: StoreOptions): PendingOperationStore<Data> {
  return new Store<Data>(options, 'form')
}

class Store<Data extends object> implements PendingOperationStore<Data> {
  readonly #deps: ListDeps
  readonly #caller: Caller
  readonly #type: string | undefined
  readonly #options: StoreOptions
  readonly #opened: RedisConnection | undefined
  readonly #hasRedis: boolean
  #sweptAtMs = 0

  constructor(options: StoreOptions, type: string | undefined) {
    const { backend = 'redis', keys, redis, redisKeyPrefix = 'sallyport:', defaultExpiration } = options
    if (/[{}]/.test(redisKeyPrefix)) throw new RangeError('redisKeyPrefix must hold no braces: they decide about the slot in a Cluster')
    if (backend !== 'jwt' && redis === undefined) throw new RangeError(`backend "${backend}" needs redis: a URL or an ioredis connection`)
    if (defaultExpiration !== undefined) lifetimeMs(type ?? '', defaultExpiration)
    this.#type = type
    this.#options = options
    this.#hasRedis = redis !== undefined
    this.#opened = typeof redis === 'string' ? openRedis(redis, 'impatient', 'library', () => {}) : undefined
    this.#caller = { kind: 'api-key', keyId: 'library', scopes: [] }
    this.#deps = partsOf(Keyring.parse(keys), this.#opened ?? (redis as RedisConnection | undefined), redisKeyPrefix)
  }

  async create(operation: NewPendingOperation<Data>): Promise<CreatedOperation> {
    const { type = this.#type, data, expiresIn = this.#options.defaultExpiration, ...rest } = operation
    if (type === undefined || !/^[a-z][a-z0-9_]{0,63}$/.test(type)) throw new RangeError('an operation needs a type of a-z, 0-9 and _')
    const request = {
      ...rest,
      operationType: type,
      data: data as Record<string, unknown>,
      expiresIn,
      backend: this.#options.backend ?? 'redis',
    }
    await this.#ready()
    const created = await createOperation(this.#deps, this.#caller, request, trace)
    await this.#sweepSometimes()
    return created
  }

  async verify(token: string, type = this.#type): Promise<OpenOperation<Data> | null> {
    // Programs in plain JavaScript hand over what a request brought, and that may be nothing.
    if (typeof token !== 'string') return null
    await this.#ready()
    const operation = await verifyToken(this.#deps, token, type, new RedisPatience(true))
    return operation as OpenOperation<Data> | null
  }

  async update(token: string, data: Partial<Data>, { version }: { version?: number } = {}): Promise<PendingOperation> {
    await this.#ready()
    return updateOperation(this.#deps, token, { data, version }, trace)
  }

  async consume(token: string, type = this.#type): Promise<OpenOperation<Data>> {
    if (type === undefined) throw new RangeError('consume needs the type of the operation')
    await this.#ready()
    const consumed = await consumeOperation(this.#deps, this.#caller, { token, operationType: type }, trace)
    return consumed as OpenOperation<Data>
  }

  async list(query: Parameters<PendingOperationStore['list']>[0] = {}): Promise<OperationPage> {
    const { type = this.#type, first = 20, after, ...filter } = query
    if (!Number.isInteger(first) || first < 1 || first > 100) throw new RangeError('first must be a whole number from 1 to 100')
    await this.#ready()
    const { nodes, totalCount, pageInfo } = await listOperations(
      this.#deps,
      this.#caller,
      { ...filter, operationType: type },
      { first, after },
      trace,
    )
    return { nodes, totalCount, hasNextPage: pageInfo.hasNextPage, endCursor: pageInfo.endCursor }
  }

  async cleanUp(): Promise<number> {
    let all = 0
    for (let removed = sweepBatch; removed >= sweepBatch;) {
      const kinds = await this.#deps.states.sweep(0, sweepBatch, Date.now())
      removed = [...kinds.values()].reduce((sum, count) => sum + count, 0)
      all += removed
    }
    return all
  }

  async close(): Promise<void> {
    if (this.#opened) closeRedis(this.#opened)
  }

  /** A connection that is still being made is waited for, shortly: one that fails shows in the call itself. */
  async #ready(): Promise<void> {
    const redis = this.#opened
    if (!redis || redis.status === 'ready' || redis.status === 'reconnecting' || redis.status === 'end') return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      const done = (): void => {
        clearTimeout(timer)
        redis.off('ready', done).off('close', done)
        resolve()
      }
      redis.once('ready', done).once('close', done)
    })
  }

  async #sweepSometimes(): Promise<void> {
    const nowMs = Date.now()
    if (!this.#hasRedis || nowMs - this.#sweptAtMs < MINUTE_MS) return
    this.#sweptAtMs = nowMs
    // The next minute tries again; what the caller asked for is done.
    await this.#deps.states.sweep(0, sweepBatch, nowMs).catch(() => {})
  }
}

const trace = { requestId: 'library', actor: 'library' }

/** Without Redis every call of the store fails as if it were away: tokens go on, one use then rests on their expiry. */
function partsOf(keyring: Keyring, redis: RedisConnection | undefined, prefix: string): ListDeps {
  const runner = new ScriptRunner(redis ?? absentRedis, redis ? timeoutMs : SECOND_MS)
  return {
    clock: systemClock,
    keyring,
    policy: { partitions: 1 },
    states: new RedisStateStore(runner, 1, prefix),
    spentIds: createSpentIds(runner, prefix),
    stateTokens: createStateTokens({ keyring, name: 'sallyport' }),
    // A program's own looks are its own business.
    events: { append: async () => {} },
  }
}

const refuse = (): Promise<never> => Promise.reject(new Error('no redis was given'))
const absentRedis = { evalsha: refuse, eval: refuse, exists: refuse } as unknown as RedisConnection

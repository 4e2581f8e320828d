// What a pending operation is made of, in the store and in a token, and what its functions need from the world.
import type { OperationBackend } from '../../contracts/pending-operation.ts'
import type { Clock } from '../../lib/clock.ts'
import { createId, readId } from '../../lib/ids.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { deriveExpiringToken, readExpiringToken } from '../derived-token.ts'
import type { EventLog, IdempotencyStore, RateLimitStore } from '../ports.ts'
import type { SpentIds, StateFeed, StateStatistics, StateStore, StateTokens } from '../state-ports.ts'
import type { PlainObject } from './plain-data.ts'

/** The kind of its records; events are `pending_operation.created` and so on. */
export const kind = 'pending_operation'
export const idPrefix = 'pop'
const tokenLabel = 'pending operation token'

/** What is sealed besides the data, and stays after the data is gone. */
export type About = { recipient?: string; channel?: string; purpose?: string; metadata?: PlainObject }

/** An operation that lives in its token. */
export type OperationClaims = About & { id: string; operationType: string; data: PlainObject; createdAtMs: number; expiresAtMs: number }

export type OperationPolicy = { partitions: number; requestsPerMinute: number }

/** What the engine needs; the library has just this. */
export type OperationDeps = {
  clock: Clock
  keyring: Keyring
  states: StateStore
  spentIds: SpentIds
  stateTokens: StateTokens
  policy: Pick<OperationPolicy, 'partitions'>
}

/** What a list needs, in the library too. */
export type ListDeps = OperationDeps & { events: EventLog }

/** What the surfaces need besides. */
export type PendingOperationDeps = Omit<OperationDeps, 'policy'> & {
  policy: OperationPolicy
  /** 0 lifts the limit. */
  listingsPerMinute: number
  idempotency: IdempotencyStore
  limits: RateLimitStore
  events: EventLog
  stateStatistics: StateStatistics
  stateFeed: StateFeed
}

/** A new id, in any of the partitions: operations of one recipient are spread like all others. */
export function createOperationId({ keyring, policy }: Pick<OperationDeps, 'keyring' | 'policy'>): string {
  const partition = Math.floor(Math.random() * policy.partitions)
  return createId(idPrefix, { partition, keyTag: keyring.writingTag, traits: 0 })
}

export function isOperationId(text: string): boolean {
  return readId(idPrefix, text) !== null
}

/** The token of an operation in Redis. Throws a TypeError when the id's key is not in the ring, which a fresh id's is. */
export function tokenOf(keyring: Keyring, id: string, expiresAtMs: number): string {
  const token = deriveExpiringToken(keyring, tokenLabel, id, expiresAtMs)
  if (token === null) throw new TypeError('an id is made with a key of the ring')
  return token
}

/** What a token says, before anything is asked of a store. */
export type ReadToken = { backend: 'redis'; id: string; expiresAtMs: number } | { backend: 'jwt'; claims: OperationClaims }

/** Null for a token that we did not make, or of a key that has left the ring. Its time may be over. */
export async function readToken(deps: Pick<OperationDeps, 'keyring' | 'stateTokens'>, token: string): Promise<ReadToken | null> {
  if (token.includes('.')) {
    const opened = await deps.stateTokens.decrypt(token)
    if (!opened) return null
    const { content, ...rest } = opened
    return { backend: 'jwt', claims: { ...(content as Omit<OperationClaims, keyof typeof rest>), ...rest } }
  }
  const read = readExpiringToken(deps.keyring, idPrefix, tokenLabel, token)
  return read && { backend: 'redis', ...read }
}

export type NewOperation = {
  operationType: string
  data: PlainObject
  backend: OperationBackend
  expiresIn?: number | string | undefined
  recipient?: string | undefined
  channel?: string | undefined
  purpose?: string | undefined
  metadata?: PlainObject | undefined
}

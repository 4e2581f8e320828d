// What stands before every call: its limits, and whether it may go on while Redis is away.
import { randomBytes } from 'node:crypto'
import { AppError } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import { limitError, listingLimit, requestLimit } from '../limits.ts'
import type { PendingOperationDeps } from './operation.ts'

type AdmissionDeps = Pick<PendingOperationDeps, 'clock' | 'keyring' | 'limits' | 'policy' | 'listingsPerMinute'>

/** Counts a call against the caller's requests a minute, and a listing against its listings as well. Throws `rate_limited`. */
export async function admit(deps: AdmissionDeps, caller: Caller, what: 'request' | 'listing'): Promise<void> {
  const rules = [
    ...requestLimit(deps.keyring, caller, deps.policy.requestsPerMinute),
    ...(what === 'listing' ? listingLimit(deps.keyring, caller, deps.listingsPerMinute) : []),
  ]
  if (rules.length === 0) return
  const refusal = await deps.limits.take(rules, randomBytes(12).toString('base64url'), deps.clock.nowMs())
  if (refusal) throw limitError(refusal)
}

/** The listings' part alone, for a call that was counted as a request already. */
export async function admitListing(deps: AdmissionDeps, caller: Caller): Promise<void> {
  const rules = listingLimit(deps.keyring, caller, deps.listingsPerMinute)
  const refusal = rules.length === 0 ? null : await deps.limits.take(rules, randomBytes(12).toString('base64url'), deps.clock.nowMs())
  if (refusal) throw limitError(refusal)
}

/** Servers with a key go on with what lives in tokens; a user's JWT may be revoked, which nobody can tell then (contract §1). */
export function goesOnWithoutRedis(caller: Caller): boolean {
  return caller.kind === 'api-key'
}

/** Remembers within one call that Redis did not answer, so that it is waited for only once. */
export class RedisPatience {
  readonly #mayGoOn: boolean
  #isAway = false

  constructor(mayGoOn: boolean) {
    this.#mayGoOn = mayGoOn
  }

  /** What the work gives; null when Redis is away and the call may go on without. Throws `service_degraded` when it may not. */
  async ask<Value>(work: () => Promise<Value>): Promise<{ value: Value } | null> {
    if (this.#isAway) return null
    try {
      return { value: await work() }
    } catch (error) {
      if (!this.#mayGoOn || !(error instanceof AppError) || error.code !== 'service_degraded') throw error
      this.#isAway = true
      return null
    }
  }
}

// Counts requests, and listings, against their limits; the rule itself is the domain's. Single resources have limits of their own.
import { randomBytes } from '../lib/random.ts'
import type { Caller } from '../domain/caller.ts'
import { limitError, listingLimit, requestLimit } from '../domain/limits.ts'
import type { LimitRule } from '../domain/ports.ts'
import type { ApiDeps } from './deps.ts'

type LimitDeps = Pick<ApiDeps, 'policy' | 'keyring' | 'limits' | 'clock'>

/** Counts one request of a credential or anonymous network; throws `rate_limited`. A limit of 0 is lifted. */
export async function takeRequest(deps: LimitDeps, caller: Caller): Promise<void> {
  await take(deps, requestLimit(deps.keyring, caller, deps.policy.requestsPerMinute))
}

/** Counts one listing, which is a request as well. Throws `rate_limited`. */
export async function takeListing(deps: LimitDeps & Pick<ApiDeps, 'listingsPerMinute'>, caller: Caller): Promise<void> {
  const { keyring, policy, listingsPerMinute } = deps
  await take(deps, [...requestLimit(keyring, caller, policy.requestsPerMinute), ...listingLimit(keyring, caller, listingsPerMinute)])
}

async function take(deps: LimitDeps, rules: readonly LimitRule[]): Promise<void> {
  if (rules.length === 0) return
  // Not the request id: the client chooses that one, and a repeated one would count once.
  const useId = randomBytes(12).toString('base64url')
  const refusal = await deps.limits.take(rules, useId, deps.clock.nowMs())
  if (refusal) throw limitError(refusal)
}

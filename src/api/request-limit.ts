// Counts requests against the general limit; the rule itself is the domain's. Single resources have limits of their own.
import { randomBytes } from '../lib/random.ts'
import type { Caller } from '../domain/caller.ts'
import { limitError, requestLimit } from '../domain/limits.ts'
import type { ApiDeps } from './deps.ts'

/** Counts one request of a credential or anonymous network; throws `rate_limited`. A limit of 0 is lifted. */
export async function takeRequest(deps: Pick<ApiDeps, 'policy' | 'keyring' | 'limits' | 'clock'>, caller: Caller): Promise<void> {
  const rules = requestLimit(deps.keyring, caller, deps.policy.requestsPerMinute)
  if (rules.length === 0) return
  // Not the request id: the client chooses that one, and a repeated one would count once.
  const useId = randomBytes(12).toString('base64url')
  const refusal = await deps.limits.take(rules, useId, deps.clock.nowMs())
  if (refusal) throw limitError(refusal)
}

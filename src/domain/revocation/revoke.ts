// Revoking a token: it is refused everywhere until it would have ended by itself.
import { AppError, invalidField } from '../../errors.ts'
import { MINUTE_MS } from '../../lib/durations.ts'
import { isPrivileged, type Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import { ownersOf, tokenKeysOf } from '../sessions/account.ts'
import type { SessionDeps } from '../sessions/deps.ts'
import { traceOf } from '../verification/access.ts'

/** Clocks differ, and an expired token is let through for a few seconds. */
const marginMs = MINUTE_MS

/**
 * Revokes a JWT that is still valid: one's own, or for servers and admins anybody's. Twice is once. Throws `invalid_request` for what is no valid token
 * (an expired one needs no revoking), `not_found` for somebody else's.
 */
export async function revokeToken(
  deps: Pick<SessionDeps, 'clock' | 'keyring' | 'revocations' | 'verifyJwt'>,
  caller: Caller,
  token: string,
  context: RequestContext,
): Promise<{ expiresAtMs: number }> {
  const claims = await deps.verifyJwt(token).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'unauthenticated')
      throw invalidField('/token', 'is not a valid token, or has ended by itself')
    throw error
  })
  const isOwn = caller.kind === 'user' && caller.subject === claims.subject
  if (!isOwn && !isPrivileged(caller)) throw new AppError('not_found')
  const [owner] = ownersOf(deps.keyring, claims.subject)
  const [tokenKey] = tokenKeysOf(deps.keyring, claims.subject, claims.tokenId)
  await deps.revocations.revoke(
    { owner, tokenKey, untilMs: claims.expiresAtMs + marginMs },
    traceOf(deps, caller, context),
    deps.clock.nowMs(),
  )
  return { expiresAtMs: claims.expiresAtMs }
}

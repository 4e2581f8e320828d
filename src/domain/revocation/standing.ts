// Whether a token whose signature is good still counts: the one question that every way in asks of every JWT.
import { AppError } from '../../errors.ts'
import { partitionOfUuid } from '../../lib/partitioned-uuid.ts'
import type { TokenFacts } from '../caller.ts'
import { ownersOf, tokenKeysOf } from '../sessions/account.ts'
import { sessionRules, type SessionDeps } from '../sessions/deps.ts'
import { networkPrint } from '../sessions/open.ts'
import type { TokenClaims } from '../session-ports.ts'

export type StandingDeps = Pick<SessionDeps, 'clock' | 'keyring' | 'revocations' | 'sessionTelemetry'>

/**
 * The facts of a token that counts; its session, if it names one of ours, is noted as seen. One round trip to Redis. Throws `unauthenticated` when it
 * was revoked, its session has ended or is another user's, or its user was signed out everywhere since; `service_degraded` when that cannot be asked.
 */
export async function requireStanding(deps: StandingDeps, claims: TokenClaims, network: string | undefined): Promise<TokenFacts> {
  const { subject, tokenId, issuedAtMs, expiresAtMs } = claims
  // A `sid` of another shape is the identity provider's own and none of our business.
  const sessionId = claims.sessionId !== undefined && partitionOfUuid(claims.sessionId) !== null ? claims.sessionId : undefined
  const print = networkPrint(deps.keyring, network)
  const query = {
    owners: ownersOf(deps.keyring, subject),
    tokenKeys: tokenKeysOf(deps.keyring, subject, tokenId),
    issuedAtMs,
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(print === undefined ? {} : { network: print }),
  }
  const standing = await deps.revocations.standing(query, sessionRules, deps.clock.nowMs()).catch((error: unknown) => {
    deps.sessionTelemetry.tokenChecked('degraded')
    throw error
  })
  deps.sessionTelemetry.tokenChecked(standing.kind)
  if (standing.kind !== 'ok') throw new AppError('unauthenticated')
  for (const reason of standing.unusual) deps.sessionTelemetry.unusual(reason)
  return {
    tokenId,
    issuedAtMs,
    expiresAtMs,
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(standing.elevatedUntilMs === undefined ? {} : { elevatedUntilMs: standing.elevatedUntilMs }),
  }
}

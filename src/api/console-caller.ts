// Who stands behind the console's session cookie, and how an admin's credential becomes one. The token itself is the provider's.
import type { Request } from 'express'
import type { Caller } from '../domain/caller.ts'
import { AppError } from '../errors.ts'
import { traceOf } from '../domain/verification/access.ts'
import { requireStanding } from '../domain/revocation/standing.ts'
import type { TokenClaims } from '../domain/session-ports.ts'
import { callerOf, findKey, hashOfKey, isAdmin } from './caller.ts'
import { readCookie, sessionCookie } from './cookies.ts'
import type { ApiDeps } from './deps.ts'

type ConsoleDeps = Parameters<typeof callerOf>[0] & Pick<ApiDeps, 'sessions'>

/**
 * A session for an admin, which ends no later than the credential. No session without its entry in the trail. Throws `unauthenticated`, `forbidden` or
 * `service_degraded`.
 */
export async function issueConsoleSession(
  deps: ConsoleDeps & Pick<ApiDeps, 'events'>,
  credential: string,
  requestId: string,
): Promise<string> {
  const caller = await callerOf(deps, credential)
  if (!isAdmin(caller)) throw new AppError('forbidden')
  const nowMs = deps.clock.nowMs()
  await deps.events.append(
    0,
    { type: 'console.signed_in', subject: 'console', sequence: nowMs },
    traceOf(deps, caller, { requestId }),
    nowMs,
  )
  if (caller.kind === 'api-key')
    return deps.sessions.issue({ subject: `key:${caller.keyId}`, roles: ['admin'], keyHash: hashOfKey(credential).toString('base64url') })
  if (caller.kind !== 'user' || !caller.token) throw new AppError('unauthenticated')
  const { elevatedUntilMs: _, ...token } = caller.token
  return deps.sessions.issue({ subject: caller.subject, roles: ['admin'], token, notAfterMs: token.expiresAtMs })
}

/**
 * The caller behind the session cookie; null without a living one. A session ends with the key or the token by
 * which it was got; one of a key has what the key has now.
 */
export async function consoleCaller(deps: ConsoleDeps, req: Request): Promise<Caller | null> {
  const session = await deps.sessions.read(readCookie(req, sessionCookie) ?? '')
  if (!session) return null
  const { subject, roles, keyHash, token } = session
  if (token && !(await stillCounts(deps, { subject, roles, ...token }))) return null
  if (keyHash === undefined) return { kind: 'user', subject, roles }
  const key = await findKey(deps, Buffer.from(keyHash, 'base64url'))
  return key && { kind: 'user', subject, roles: key.scopes.includes('admin') ? ['admin'] : [] }
}

/** Ends the session of the request's cookie, if it is one. Throws `service_degraded` when that cannot be written down. */
export async function endConsoleSession({ sessions }: Pick<ApiDeps, 'sessions'>, req: Request): Promise<void> {
  await sessions.end(readCookie(req, sessionCookie) ?? '')
}

/** Whether the JWT behind a session was not revoked since. Rejects with `service_degraded` when that cannot be asked. */
async function stillCounts(deps: ConsoleDeps, claims: TokenClaims): Promise<boolean> {
  try {
    await requireStanding(deps, claims, undefined)
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'unauthenticated') return false
    throw error
  }
}

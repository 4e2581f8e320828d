// Ends what outlives one request (streams, sockets) once its caller's credential counts no more.
import type { Caller } from '../domain/caller.ts'
import { ownersOf, tokenKeysOf } from '../domain/sessions/account.ts'
import { MINUTE_MS, SECOND_MS } from '../lib/durations.ts'
import { findKey, hashOfKey } from './caller.ts'
import type { ApiDeps } from './deps.ts'

type KeyDeps = Pick<ApiDeps, 'apiKeys'>
type WatchDeps = KeyDeps & Pick<ApiDeps, 'keyring' | 'revocationFeed' | 'clock'>

/** Nothing tells of revoked keys, so that they are asked for. */
const recheckMs = 5 * SECOND_MS

/**
 * Aborts within about a second of a token's revocation, its session's end or its user's sign-out, and when the token ends by itself; for an API key
 * within about five seconds of its end, or of not being able to tell. `credential` is what named the caller. Watching stops when `until` aborts.
 */
export function revokedSignal(deps: WatchDeps, caller: Caller, credential: string, until: AbortSignal): AbortSignal {
  const controller = new AbortController()
  const end = () => controller.abort()
  if (until.aborted) return controller.signal
  if (caller.kind === 'api-key') watchKey(deps, caller.keyId, hashOfKey(credential), until, end)
  if (caller.kind === 'user') watchToken(deps, caller, until, end)
  return controller.signal
}

function watchToken(
  { keyring, revocationFeed, clock }: WatchDeps,
  { subject, token }: Extract<Caller, { kind: 'user' }>,
  until: AbortSignal,
  end: () => void,
): void {
  if (!token) return
  const { tokenId, issuedAtMs, expiresAtMs, sessionId } = token
  const owners = ownersOf(keyring, subject)
  const tokenKeys = tokenKeysOf(keyring, subject, tokenId)
  const stop = revocationFeed.watch({ owners, tokenKeys, issuedAtMs, ...(sessionId === undefined ? {} : { sessionId }) }, end)
  // A timer cannot wait for longer than some 24 days; who lives longer is looked at again when the stream is opened anew.
  const timer = setTimeout(end, Math.min(Math.max(0, expiresAtMs - clock.nowMs()), 24 * 60 * MINUTE_MS))
  timer.unref()
  until.addEventListener('abort', () => (stop(), clearTimeout(timer)), { once: true })
}

/** A key that cannot be looked up is treated as any request with it would be: refused. Its program subscribes again. */
function watchKey(deps: KeyDeps, keyId: string, hash: Buffer, until: AbortSignal, end: () => void): void {
  let timer: NodeJS.Timeout
  const recheck = async (): Promise<void> => {
    const key = await findKey(deps, hash).catch(() => null)
    if (until.aborted) return
    if (key?.keyId === keyId) wait()
    else end()
  }
  const wait = (): void => {
    timer = setTimeout(() => void recheck(), recheckMs)
    timer.unref()
  }
  wait()
  until.addEventListener('abort', () => clearTimeout(timer), { once: true })
}

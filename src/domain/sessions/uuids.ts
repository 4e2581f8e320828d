// Session UUIDs: names for what a browser does before anybody is signed in (uploads above all). Reserved in Redis, so that none is given out twice;
// remembered in Postgres for good, as soon as it answers.
import { randomUUID } from 'node:crypto'
import type { ValidatedUuid } from '../../contracts/session.ts'
import { AppError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { MINUTE_MS } from '../../lib/durations.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { callerKey, type Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import { limitError } from '../limits.ts'
import type { LimitRule, RateLimitStore } from '../ports.ts'
import type { SessionUuidBook, SessionUuidRecord, SessionUuidStore } from '../session-ports.ts'
import { traceOf } from '../verification/access.ts'
import { sessionUuidLifetimeMs } from './deps.ts'

export type SessionUuidDeps = {
  clock: Clock
  keyring: Keyring
  limits: RateLimitStore
  sessionUuids: SessionUuidStore
  sessionUuidBook: SessionUuidBook
  /** Where UUIDs come from; random ones if left out. */
  drawUuid?: () => string
}

const perMinute = 10
const tries = 5
const uuidShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** A UUID that nobody has or had, the caller's for 24 hours. Throws `rate_limited` after ten in a minute from one network. */
export async function generateSessionUuid(
  deps: SessionUuidDeps,
  caller: Caller,
  context: RequestContext,
): Promise<{ uuid: string; expiresAt: string }> {
  await takeTurn(deps, caller, 'generate')
  return reserveFresh(deps, caller, context)
}

/**
 * Whether a UUID is the caller's to go on with; it then lives for 24 hours more. One that is somebody else's is answered with a new one. What a browser
 * began without a credential becomes its user's. Throws `rate_limited`.
 */
export async function validateSessionUuid(
  deps: SessionUuidDeps,
  caller: Caller,
  given: string,
  context: RequestContext,
): Promise<ValidatedUuid> {
  await takeTurn(deps, caller, 'validate')
  const uuid = given.toLowerCase()
  if (!uuidShape.test(uuid)) return { valid: false, uuid: given }
  const nowMs = deps.clock.nowMs()
  const expiresAtMs = nowMs + sessionUuidLifetimeMs
  const asker = { owners: ownersOf(deps.keyring, caller), isAnonymous: caller.kind === 'anonymous' }
  const whose = await deps.sessionUuids.validate(uuid, asker, expiresAtMs, traceOf(deps, caller, context), nowMs)
  if (whose === 'own') return { valid: true, uuid, expiresAt: new Date(expiresAtMs).toISOString() }
  if (whose === 'unknown') return { valid: false, uuid }
  const fresh = await reserveFresh(deps, caller, context)
  return { valid: false, uuid, replaced: fresh.uuid, expiresAt: fresh.expiresAt }
}

async function reserveFresh(deps: SessionUuidDeps, caller: Caller, context: RequestContext): Promise<{ uuid: string; expiresAt: string }> {
  const [owner = ''] = ownersOf(deps.keyring, caller)
  const network = caller.kind === 'anonymous' ? { network: print(deps.keyring, `network:${caller.network}`) } : {}
  for (let i = 0; i < tries; i++) {
    const nowMs = deps.clock.nowMs()
    const record = {
      uuid: (deps.drawUuid ?? randomUUID)(),
      owner,
      ...network,
      reservedAtMs: nowMs,
      expiresAtMs: nowMs + sessionUuidLifetimeMs,
    }
    if (!(await deps.sessionUuids.reserve(record, traceOf(deps, caller, context), nowMs))) continue
    // Nobody waits for Postgres: what it is owed is noted with the reservation, and the cleanup pays.
    void recordReservation(deps, record, context).catch(() => {})
    return { uuid: record.uuid, expiresAt: new Date(record.expiresAtMs).toISOString() }
  }
  throw new AppError('internal')
}

/** Writes a reservation's row. A UUID that had one from another time is withdrawn: its holder learns so when it asks. */
export async function recordReservation(
  deps: Pick<SessionUuidDeps, 'clock' | 'sessionUuids' | 'sessionUuidBook'>,
  record: SessionUuidRecord,
  { requestId }: RequestContext,
): Promise<'recorded' | 'withdrawn'> {
  if (await deps.sessionUuidBook.record(record)) {
    await deps.sessionUuids.noteRecorded(record.uuid)
    return 'recorded'
  }
  await deps.sessionUuids.withdraw(record.uuid, { requestId, actor: '' }, deps.clock.nowMs())
  return 'withdrawn'
}

/**
 * Whoever asks: its credential first, then its browser. A client that keeps no cookies is known by its network; one that has a cookie is only what its
 * cookie says.
 */
function ownersOf(keyring: Keyring, caller: Caller): string[] {
  const browser = caller.binding === undefined ? [] : [`binding:${caller.binding}`]
  if (caller.kind !== 'anonymous') return [callerKey(caller), ...browser].map((key) => print(keyring, key))
  const hasCookie = browser.length > 0 && !caller.isNewBinding
  return [...browser, ...(hasCookie ? [] : [`network:${caller.network}`])].map((key) => print(keyring, key))
}

function print(keyring: Keyring, key: string): string {
  return keyring.fingerprint('session uuid', key)
}

/** Ten a minute from one network each; servers that name no end user are counted by the general limit alone (contract §1). */
async function takeTurn(deps: SessionUuidDeps, caller: Caller, what: 'generate' | 'validate'): Promise<void> {
  if (caller.network === undefined) return
  const windows = [{ name: `session-uuids-${what}`, limit: perMinute, windowMs: MINUTE_MS }]
  const subject = deps.keyring.fingerprint('network', caller.network)
  const rule: LimitRule = { kind: `session-uuids-${what}`, subject, style: 'exact', home: 'own', windows }
  const refusal = await deps.limits.take([rule], randomUUID(), deps.clock.nowMs())
  if (refusal) throw limitError(refusal)
}

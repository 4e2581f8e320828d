// Failed sign-ins slow further ones down: for a person as seen from elsewhere, and for a network. A place somebody signed in from before answers
// only for its own failures, so that no stranger can shut a person out.
import type { LoginAttemptRequest, LoginStanding } from '../../contracts/login-attempt.ts'
import { AppError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { isPrivileged, type Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { LoginAttemptStore, LoginPlace, LoginReading, LoginRules, SessionTelemetry } from '../session-ports.ts'
import { traceOf } from '../verification/access.ts'

export type LoginAttemptDeps = { clock: Clock; keyring: Keyring; loginAttempts: LoginAttemptStore; sessionTelemetry: SessionTelemetry }

/**
 * Five failures an hour are free (contract §5). Then a person's tries wait 5 s, 10 s, 20 s … 15 minutes; a network's, which many people may share,
 * 1 s … one minute.
 */
export const loginRules: LoginRules = {
  person: { free: 5, windowMs: HOUR_MS, firstMs: 5 * SECOND_MS, mostMs: 15 * MINUTE_MS },
  network: { free: 5, windowMs: HOUR_MS, firstMs: SECOND_MS, mostMs: MINUTE_MS },
  knownForMs: 90 * DAY_MS,
  maxKnown: 50,
}

/** Notes how a sign-in went, and says when the next one may be tried. Throws `not_found` when a user speaks of anybody else. */
export async function recordLoginAttempt(
  deps: LoginAttemptDeps,
  caller: Caller,
  { identifier, outcome, device }: LoginAttemptRequest,
  context: RequestContext,
): Promise<LoginStanding> {
  const place = placeOf(deps, caller, identifier, device)
  const reading = await deps.loginAttempts.record(place, outcome, loginRules, traceOf(deps, caller, context), deps.clock.nowMs())
  for (const reason of reading.unusual) deps.sessionTelemetry.unusual(reason)
  const standing = standingOf(reading)
  deps.sessionTelemetry.loginTold(outcome, standing.allowed)
  return standing
}

/** Says whether a sign-in may be tried now; ask before the password is looked at. Counts nothing. Throws as `recordLoginAttempt`. */
export async function readLoginStanding(
  deps: LoginAttemptDeps,
  caller: Caller,
  identifier: string,
  device?: string,
): Promise<LoginStanding> {
  return standingOf(await deps.loginAttempts.read(placeOf(deps, caller, identifier, device), loginRules, deps.clock.nowMs()))
}

function standingOf({ failures, waitMs }: LoginReading): LoginStanding {
  return { allowed: waitMs === 0, retryAfter: Math.ceil(waitMs / SECOND_MS), failures }
}

function placeOf(
  { keyring }: Pick<LoginAttemptDeps, 'keyring'>,
  caller: Caller,
  identifier: string,
  device: string | undefined,
): LoginPlace {
  const name = fold(identifier)
  if (!isPrivileged(caller) && !ownNames(caller).includes(name)) throw new AppError('not_found')
  const { network } = caller
  return {
    identifier: keyring.fingerprint('login', name),
    ...(network === undefined ? {} : { network: keyring.fingerprint('network', network) }),
    ...(device === undefined ? {} : { device: keyring.fingerprint('login device', device) }),
  }
}

function ownNames(caller: Caller): string[] {
  if (caller.kind !== 'user') return []
  return [caller.subject, caller.email, caller.phoneNumber].flatMap((name) => (name === undefined ? [] : [fold(name)]))
}

/** However it was typed, one name is one name. */
function fold(identifier: string): string {
  return identifier.normalize('NFKC').trim().toLowerCase()
}

// The parts around an account's life as the API builds them: sessions, revocation, sign-in attempts, activity, session UUIDs, the cache.
import type { ActivityDeps } from '../domain/activity/trail.ts'
import type { LoginAttemptDeps } from '../domain/login-attempts/attempts.ts'
import type { ExactLimitDeps } from '../domain/rate-limits/check.ts'
import type { RevocationFeed, SessionTelemetry } from '../domain/session-ports.ts'
import type { SessionDeps } from '../domain/sessions/deps.ts'
import type { SessionUuidDeps } from '../domain/sessions/uuids.ts'
import type { Clock } from '../lib/clock.ts'
import type { Keyring } from '../lib/keyring.ts'
import { createSessionUuidBook } from '../stores/postgres/user-sessions.ts'
import type { Pool } from '../stores/postgres/pool.ts'
import { createActivityStore } from '../stores/redis/activity.ts'
import { RedisCache } from '../stores/redis/cache.ts'
import type { EventTail } from '../stores/redis/event-tail.ts'
import { createExactLimitStore } from '../stores/redis/exact-limits.ts'
import { createLoginAttemptStore } from '../stores/redis/login-attempts.ts'
import { createRevocationFeed } from '../stores/redis/revocation-feed.ts'
import { createRevocationStore } from '../stores/redis/revocations.ts'
import type { ScriptRunner } from '../stores/redis/run-script.ts'
import { createSessionUuidStore } from '../stores/redis/session-uuids.ts'
import { createSessionStore } from '../stores/redis/sessions.ts'
import type { ProcessTelemetry } from '../telemetry.ts'

export type SessionParts = Pick<SessionDeps, 'sessionStore' | 'revocations' | 'sessionTelemetry'> &
  Pick<SessionUuidDeps, 'sessionUuids' | 'sessionUuidBook'> &
  Pick<LoginAttemptDeps, 'loginAttempts'> &
  Pick<ExactLimitDeps, 'exactLimits'> &
  Pick<ActivityDeps, 'activityTrail' | 'cache'> & { revocationFeed: RevocationFeed }

type Sources = {
  runner: ScriptRunner
  pool: Pool
  tail: Pick<EventTail, 'follow'>
  partitions: number
  clock: Clock
  keyring: Keyring
  telemetry: SessionTelemetry & Pick<ProcessTelemetry, 'cacheRead'>
}

export function createSessionParts({ runner, pool, tail, partitions, clock, keyring, telemetry }: Sources): SessionParts {
  return {
    sessionStore: createSessionStore(runner, partitions),
    revocations: createRevocationStore(runner, partitions),
    revocationFeed: createRevocationFeed(tail),
    sessionTelemetry: telemetry,
    sessionUuids: createSessionUuidStore(runner, partitions),
    sessionUuidBook: createSessionUuidBook(pool),
    loginAttempts: createLoginAttemptStore(runner, partitions),
    exactLimits: createExactLimitStore(runner, partitions),
    activityTrail: createActivityStore(runner, partitions),
    cache: new RedisCache(runner, partitions, { clock, keyring, onRead: telemetry.cacheRead }),
  }
}

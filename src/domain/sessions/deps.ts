// What the functions of sessions need from the world, and the rules they go by.
import type { Clock } from '../../lib/clock.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/durations.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { AcceptDeps } from '../ports.ts'
import type { RevocationStore, SessionRules, SessionStore, SessionTelemetry, TokenReader } from '../session-ports.ts'

export type SessionDeps = {
  clock: Clock
  keyring: Keyring
  sessionStore: SessionStore
  revocations: RevocationStore
  sessionTelemetry: SessionTelemetry
  verifyJwt: TokenReader
  policy: { partitions: number }
} & Pick<AcceptDeps, 'proofs' | 'verifications'>

/** 24 hours sliding within 30 days (contract §5). */
export const sessionRules: SessionRules = {
  idleMs: DAY_MS,
  absoluteMs: 30 * DAY_MS,
  touchMs: MINUTE_MS,
  maxPerUser: 100,
  maxMetadata: 50,
  pace: { networks: 4, windowMs: 10 * MINUTE_MS },
}

/** How long a second proof counts. */
export const elevatedForMs = 15 * MINUTE_MS

/** A cleanup's batch, and how many of them one run does at most. */
export const cleanupBatch = 200
export const cleanupRounds = 50

/** How far statistics look back, in days. */
export const statisticsDays = 30

/** Statistics are summed over all partitions: one answer serves for this long. */
export const statisticsKeptMs = 5_000

export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
export const sessionUuidLifetimeMs = 24 * HOUR_MS

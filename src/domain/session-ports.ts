// What sessions, revocation, sign-in attempts, activity and session UUIDs need from the world: shapes only.
import type { Trace } from './state-ports.ts'

/**
 * What a valid JWT says. `tokenId` names this very token (its `jti`, else a digest of what is signed); `sessionId` is its `sid`. The address and
 * the number are there only when the token calls them verified.
 */
export type TokenClaims = {
  subject: string
  roles: readonly string[]
  email?: string
  phoneNumber?: string
  tokenId: string
  /** 0 when the token does not say. */
  issuedAtMs: number
  expiresAtMs: number
  sessionId?: string
}

/** The claims of a JWT; throws `unauthenticated` for one that is not valid, `service_degraded` when its keys cannot be had. */
export type TokenReader = (token: string) => Promise<TokenClaims>

/** A session as the store keeps it. `owner` is a fingerprint of its user; values of `metadata` are sealed one by one. */
export type SessionRecord = {
  id: string
  owner: string
  sequence: number
  createdAtMs: number
  lastSeenAtMs: number
  expiresAtMs: number
  device: string
  metadata: Readonly<Record<string, string>>
  elevatedUntilMs?: number
}

/** Times in milliseconds; what is counted is data to the scripts. */
export type SessionRules = {
  idleMs: number
  absoluteMs: number
  /** A session is written as seen at most this often. */
  touchMs: number
  maxPerUser: number
  maxMetadata: number
  /** So many networks within the window are more than one person's. */
  pace: { networks: number; windowMs: number }
}

/** Where somebody is coming from: fingerprints. */
export type Whereabouts = { device?: string; network?: string }

/** The token behind a request, by which a race with its revocation is decided. Everything but the time is a fingerprint or an id. */
export type TokenMarks = { tokenKey: string; issuedAtMs: number; sessionId?: string }

export const unusualReasons = ['new_device', 'network_pace', 'failure_burst'] as const
export type UnusualReason = (typeof unusualReasons)[number]

export type NewSession = {
  id: string
  owner: string
  device: string
  metadata: Readonly<Record<string, string>>
  from: Whereabouts
  /** Missing when a server opens it: keys are not revoked by sign-out. */
  token?: TokenMarks
}

export type CreateSessionOutcome =
  | { kind: 'created'; record: SessionRecord; unusual: readonly UnusualReason[] }
  | { kind: 'signed_out' }
  | { kind: 'taken' }

export type EndReason = 'sign_out' | 'expired' | 'displaced'

/** What happened to sessions on one day (UTC, `dayMs` its first millisecond). */
export type SessionDay = {
  dayMs: number
  created: number
  ended: Readonly<Record<EndReason, number>>
  steppedUp: number
  unusual: number
  tokensRevoked: number
}

export type SessionStore = {
  create(session: NewSession, rules: SessionRules, trace: Trace, nowMs: number): Promise<CreateSessionOutcome>
  /** The session, while it lives. */
  read(id: string, nowMs: number): Promise<SessionRecord | null>
  /** The living sessions of an owner; there are never more than the rules allow. */
  list(owner: string, nowMs: number): Promise<SessionRecord[]>
  /** Writes single fields of a living session and touches no other; null when it has ended, `too_many` when it would hold more than `maxMetadata`. */
  patch(
    id: string,
    change: { set: Readonly<Record<string, string>>; remove: readonly string[] },
    maxMetadata: number,
    trace: Trace,
    nowMs: number,
  ): Promise<SessionRecord | 'too_many' | null>
  /** Ends it for good; false when there was none. */
  end(id: string, trace: Trace, nowMs: number): Promise<boolean>
  /** Ends every session of an owner but `keep`; without `keep` also whatever was issued to that user until now. How many were ended. */
  endAll(owner: string, keep: string | undefined, trace: Trace, nowMs: number): Promise<number>
  /** Raises a living session until then; null when it has ended. */
  elevate(id: string, by: { method: string; untilMs: number }, trace: Trace, nowMs: number): Promise<SessionRecord | null>
  /** Ends up to `limit` sessions of a partition whose time is over; how many there were. */
  expireDue(partition: number, limit: number, nowMs: number): Promise<number>
  countActive(nowMs: number): Promise<number>
  /** The last `days` days, today first. */
  days(days: number, nowMs: number): Promise<SessionDay[]>
}

/** What is asked of every JWT. `owners` and `tokenKeys` hold the fingerprints under each key of the ring, in the same order. */
export type StandingQuery = {
  owners: readonly string[]
  tokenKeys: readonly string[]
  issuedAtMs: number
  sessionId?: string
  network?: string
}

/** `ok`, or why the token counts no more: itself revoked, its session ended, everything of its user ended. */
export type Standing =
  | { kind: 'ok'; elevatedUntilMs?: number; unusual: readonly UnusualReason[] }
  | { kind: 'token_revoked' | 'session_ended' | 'signed_out' }

export type RevocationStore = {
  /** One round trip. A living session is noted as seen, at most once in `rules.touchMs`. */
  standing(query: StandingQuery, rules: SessionRules, nowMs: number): Promise<Standing>
  /** Refuses the token until then. Doing it twice is doing it once. */
  revoke(token: { owner: string; tokenKey: string; untilMs: number }, trace: Trace, nowMs: number): Promise<void>
}

/** Tells of what was refused from now on, to whoever let somebody in before and still serves them (streams, sockets). */
export type RevocationFeed = {
  /**
   * Calls `onRefused` once the session, the token or the whole account is refused, within a second or so; until the returned function is called. Only a
   * hint: `requireStanding` is what decides.
   */
  watch(
    token: { owners: readonly string[]; tokenKeys: readonly string[]; sessionId?: string; issuedAtMs: number },
    onRefused: () => void,
  ): () => void
}

/** How failures slow tries down: none until `free` of them within `windowMs`, then `firstMs`, doubled by each further one up to `mostMs`. */
export type DelayRule = { free: number; windowMs: number; firstMs: number; mostMs: number }
export type LoginRules = { person: DelayRule; network: DelayRule; knownForMs: number; maxKnown: number }

/** Fingerprints. */
export type LoginPlace = { identifier: string; network?: string; device?: string }

/** The standing in one scope; `waitMs` is 0 when a try may be made. */
export type LoginScope = { failures: number; waitMs: number }
export type LoginReading = LoginScope & { isKnown: boolean; unusual: readonly UnusualReason[] }

export type LoginAttemptStore = {
  read(place: LoginPlace, rules: LoginRules, nowMs: number): Promise<LoginReading>
  /** Counts, or makes the place a known one; gives the standing after that. */
  record(place: LoginPlace, outcome: 'success' | 'failure', rules: LoginRules, trace: Trace, nowMs: number): Promise<LoginReading>
}

/** Counts a use of `key` unless `limit` were counted within `windowMs`. */
export type ExactLimitStore = {
  use(key: string, limit: number, windowMs: number, nowMs: number): Promise<{ isAllowed: boolean; used: number; resetAtMs: number }>
}

export type ActivityRecord = { id: string; order: number; atMs: number; sealed: string }

export type ActivityStore = {
  /** Adds an entry at the newest end; what exceeds `most` goes at the oldest. `name` is for the day's numbers. */
  append(
    owner: string,
    entry: { id: string; sealed: string; name: string },
    keep: { most: number; forMs: number },
    nowMs: number,
  ): Promise<void>
  page(owner: string, before: number | undefined, limit: number): Promise<{ records: ActivityRecord[]; total: number }>
  days(
    days: number,
    nowMs: number,
  ): Promise<{ dayMs: number; entries: number; users: number; byActivity: Readonly<Record<string, number>> }[]>
}

/** `network` is there while nobody signed in has it: from there a client without cookies may go on with it. */
export type SessionUuidRecord = { uuid: string; owner: string; network?: string; reservedAtMs: number; expiresAtMs: number }

/** The fingerprints of whoever asks; the first one is what becomes the owner. */
export type SessionUuidAsker = { owners: readonly string[]; isAnonymous: boolean }

export type SessionUuidStore = {
  /** Takes the UUID for an owner, unless it is taken. What is owed to Postgres is noted in the same step. */
  reserve(uuid: SessionUuidRecord, trace: Trace, nowMs: number): Promise<boolean>
  /** Whether it is the asker's (it then is its first print's and lives until `expiresAtMs` again), somebody else's, or nobody's. */
  validate(uuid: string, asker: SessionUuidAsker, expiresAtMs: number, trace: Trace, nowMs: number): Promise<'own' | 'foreign' | 'unknown'>
  /** Reservations that Postgres does not know yet. */
  unrecorded(partition: number, limit: number): Promise<SessionUuidRecord[]>
  noteRecorded(uuid: string): Promise<void>
  /** A UUID that Postgres knew from another time: it is withdrawn. */
  withdraw(uuid: string, trace: Trace, nowMs: number): Promise<void>
  /** Those whose time is over. */
  due(partition: number, limit: number, nowMs: number): Promise<SessionUuidRecord[]>
  /** Ends it if its time is still over. */
  abandon(uuid: string, nowMs: number): Promise<boolean>
}

/** The rows of `user_sessions`: every UUID that was ever handed out, once. */
export type SessionUuidBook = {
  /** False when the UUID is there from another reservation. Rejects with `service_degraded` when Postgres is away. */
  record(uuid: SessionUuidRecord): Promise<boolean>
  noteAbandoned(uuid: string, atMs: number): Promise<void>
}

/** The files that were sent under a session UUID; whoever keeps uploads implements it. */
export type SessionFiles = {
  /** Removes what is unfinished and nobody will ask for; what was stored for good stays. Doing it twice is doing it once. */
  removeAbandoned(uuid: string): Promise<void>
}

/** What the parts report; labels are of low cardinality and never personal. */
export type SessionTelemetry = {
  sessionChanged(change: 'created' | 'ended' | 'stepped_up'): void
  tokenChecked(outcome: Standing['kind'] | 'degraded'): void
  loginTold(outcome: 'success' | 'failure', isAllowed: boolean): void
  unusual(reason: UnusualReason): void
}

/** A value that is expensive to make, kept for a while by all processes together. */
export type CacheEntry = { name: string; key: string; ttlMs: number; tags?: readonly string[] }

export type Cache = {
  /** The kept value, or the one that `make` gives: made once, however many ask at the same time in however many processes. */
  get(entry: CacheEntry, make: () => Promise<string>): Promise<string>
  /** Forgets everything with this tag, in every process. */
  invalidate(tag: string): Promise<void>
}

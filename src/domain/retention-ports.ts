// What retention needs from the world: records of how long something is kept, and outcomes of the sweeps that look whether it is still what it was.
import type { OutboxEvent } from './event-ports.ts'

/** How long a subject (an envelope, a document) is kept. `endsAtMs` null: for good. A hold forbids its end whatever the time. */
export type RetentionRecord = {
  subject: string
  class: string
  startsAtMs: number
  endsAtMs: number | null
  /** `reason` is sealed: it may name people. `actor` is a fingerprint. */
  hold: { atMs: number; reason: string; actor: string } | null
  version: number
  /** Its removal has begun and can no longer be stopped: it can neither be held nor get another class. */
  purgingAtMs?: number
  purgedAtMs: number | null
}

/** A class as it is given; `event` tells of it (its sequence is set to the version that the record gets). It keeps a hold that is there. */
export type NewRetention = Pick<RetentionRecord, 'subject' | 'class' | 'startsAtMs' | 'endsAtMs'> & { event: OutboxEvent }

/** An object that a sweep looks at: where its bytes lie, and their SHA-256 when they were recorded. */
export type KeptObject = { subject: string; key: string; sha256: string; bytes: number }

/** A sweep over every kept object. `clockOffsetMs`: this machine's clock less Postgres's. */
export type IntegritySweep = {
  id: string
  startedAtMs: number
  endedAtMs: number | null
  objects: number
  failed: number
  clockOffsetMs: number
  software: string
}

export type IntegrityLook = { subject: string; key: string; atMs: number; outcome: 'intact' | 'altered' | 'missing' }

export type RetentionStore = {
  read(subject: string): Promise<RetentionRecord | null>
  /**
   * Sets or changes class and end; keeps the hold. `decide` is given the record as it is, under its lock; null, or what it throws, changes nothing. A subject
   * that is being removed stays as it is.
   */
  assign(subject: string, decide: (current: RetentionRecord | null) => NewRetention | null): Promise<RetentionRecord | null>
  /**
   * Null when there is no record of this subject. `hold` null lifts it. The record that is given back has the hold that there is now: none when the removal had
   * begun before.
   */
  hold(subject: string, hold: RetentionRecord['hold'], eventOf: (version: number) => OutboxEvent): Promise<RetentionRecord | null>
  /** Whose time is over and that nothing holds; oldest first, behind `after`. Those whose removal was begun are among them. */
  due(limit: number, nowMs: number, after?: Pick<RetentionRecord, 'subject' | 'endsAtMs'>): Promise<RetentionRecord[]>
  /** Says that nothing of it is left; false when a hold came first or it was said before. The event's sequence is set. */
  confirmPurged(subject: string, atMs: number, event: OutboxEvent): Promise<boolean>
}

/** `keys` and `folders` name the objects whose bytes go. `needed`: an envelope that is kept needs the document; it is looked at again. */
export type PurgeStart =
  | { kind: 'go'; keys: readonly string[]; folders: readonly string[] }
  | { kind: 'held' }
  | { kind: 'not_due' }
  | { kind: 'needed' }
  | { kind: 'gone' }

export type PurgeStore = {
  /**
   * Decides under the subject's lock that its removal begins, unless it is held; from then on it cannot be held. Rows of a document that goes with it are gone
   * with this step. Asked again it gives the same keys.
   */
  begin(subject: string, nowMs: number): Promise<PurgeStart>
}

/** Who sweeps: the job's own time stamp and how often it was started; a later pair supersedes an earlier one. */
export type SweepFence = { jobMs: number; starts: number }

export type IntegrityStore = {
  /** The objects that are kept, by key, behind `after`. */
  objects(after: string | undefined, limit: number): Promise<KeptObject[]>
  /** Whether an object is kept still: one whose removal has begun is not missing. */
  isKept(key: string): Promise<boolean>
  /** Postgres's clock, for the offset. */
  clockMs(): Promise<number>
  /**
   * The sweep that is open, for this run alone, where the last one left it (`after` is its last key); else this one, begun now. One that was begun more than a
   * day ago is begun anew. `ended` when this one was done before, `stale` when a later run is at it.
   */
  claim(sweep: IntegritySweep, fence: SweepFence): Promise<{ sweep: IntegritySweep; after?: string } | 'ended' | 'stale'>
  /** Writes down how far a sweep has come; false when a later run has taken over. */
  advance(sweep: IntegritySweep, after: string, fence: SweepFence): Promise<boolean>
  /** The newest look at an object. `event` is kept with it if the look before was not the same: what is told once is not told each hour. */
  note(look: IntegrityLook, event?: OutboxEvent): Promise<void>
  /** Ends a sweep, once; looks at objects that are kept no longer are forgotten. False when a later run has taken over. */
  end(sweep: IntegritySweep, fence: SweepFence, event: OutboxEvent): Promise<boolean>
  /** The newest sweep that was ended. */
  latest(): Promise<IntegritySweep | null>
  /** The newest look at an object. */
  lookAt(key: string): Promise<IntegrityLook | null>
  /** How many objects are not what they were, as last seen. */
  failing(): Promise<number>
}

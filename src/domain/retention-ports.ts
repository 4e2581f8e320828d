// What retention needs from the world: records of how long something is kept, and outcomes of the sweeps that look whether it is still what it was.
import type { OutboxEvent } from './event-ports.ts'

/** How long a subject (an envelope, a document) is kept. `endsAtMs` null: for good. A hold forbids its end whatever the time. */
export type RetentionRecord = {
  subject: string
  class: string
  startsAtMs: number
  endsAtMs: number | null
  hold: { atMs: number; reason: string; actor: string } | null
  version: number
  purgedAtMs: number | null
}

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
  /** Sets or changes class and end; keeps the hold. */
  assign(record: Pick<RetentionRecord, 'subject' | 'class' | 'startsAtMs' | 'endsAtMs'>, event: OutboxEvent): Promise<RetentionRecord>
  /** Null when there is no record of this subject. `hold` null lifts it. */
  hold(subject: string, hold: RetentionRecord['hold'], eventOf: (version: number) => OutboxEvent): Promise<RetentionRecord | null>
  /** Whose time is over and that nothing holds; oldest first. */
  due(limit: number, nowMs: number): Promise<RetentionRecord[]>
  /** Says that nothing of it is left; false when a hold came first. */
  confirmPurged(subject: string, atMs: number, event: OutboxEvent): Promise<boolean>
}

export type IntegrityStore = {
  /** The objects that are kept, by key, behind `after`. */
  objects(after: string | undefined, limit: number): Promise<KeptObject[]>
  /** Postgres's clock, for the offset. */
  clockMs(): Promise<number>
  begin(sweep: IntegritySweep): Promise<void>
  note(look: IntegrityLook): Promise<void>
  end(sweep: IntegritySweep, event: OutboxEvent): Promise<void>
  /** The newest sweep that was ended. */
  latest(): Promise<IntegritySweep | null>
  /** The newest look at an object. */
  lookAt(key: string): Promise<IntegrityLook | null>
}

// What a draft holds, sealed and opened: the steps' data and what counting and resuming need. Where it lies is owner.ts's and the store's.
import type { Keyring } from '../../lib/keyring.ts'
import { AppError } from '../../errors.ts'
import type { StateKey, StateRecord } from '../state-ports.ts'
import type { StepData } from './flow.ts'

/** A submission's and a draft's data together take at most this much (contract §3's limit for temporary data). */
const maxBytes = 64 * 1_024

export type Draft = {
  steps: StepData
  /** What a newer version of the flow has no place for, by the step it stood in. Kept, never asked for again. */
  unplaced: StepData
  /** Onboarding: the steps that were marked as completed. */
  marked: readonly number[]
  /** The steps, by their id, that were counted as begun and as completed: each is once. */
  begun: readonly string[]
  completed: readonly string[]
  /** Since when the current step is worked on. */
  stepSinceMs: number
  /** How long the draft lives from each save on. */
  lifetimeMs: number
  /** The subject of the user whose it is, for the submission; left out for a browser without one. */
  userId?: string
}

export function createDraft(lifetimeMs: number, nowMs: number, userId: string | undefined): Draft {
  const empty = { steps: {}, unplaced: {}, marked: [], begun: [], completed: [] }
  return { ...empty, stepSinceMs: nowMs, lifetimeMs, ...(userId === undefined ? {} : { userId }) }
}

/** Throws `too_large` over 64 kB. */
export function sealDraft(keyring: Keyring, { kind, id }: StateKey, expiresAtMs: number, draft: Draft): string {
  const text = JSON.stringify(draft)
  if (Buffer.byteLength(text) > maxBytes) throw new AppError('too_large', { detail: `A draft holds at most ${maxBytes} bytes.` })
  return keyring.seal({ kind, id }, expiresAtMs, text)
}

/** Null when it was altered, its key has left the ring, or the time that is sealed with it is over (a restored back-up). */
export function openSealedDraft(keyring: Keyring, record: StateRecord, nowMs: number): Draft | null {
  const opened = record.sealed === undefined ? null : keyring.open({ kind: record.kind, id: record.id }, record.sealed)
  return opened && nowMs < opened.expiresAtMs ? (JSON.parse(opened.plaintext) as Draft) : null
}

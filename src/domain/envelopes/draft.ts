// A decision on its way: the envelope as it will be, the acts that say so, and who is to be told. Each step adds to it; `toChange` makes one transaction of it.
import type { EnvelopeChange, EnvelopeRecord, SignerRecord } from '../envelope-ports.ts'
import type { NewNotice, NewNotification } from '../notice-ports.ts'
import type { NewRetention } from '../retention-ports.ts'
import type { Trace } from '../state-ports.ts'
import { appendActs, type NewAct } from './acts.ts'

export type Draft = {
  record: EnvelopeRecord
  acts: readonly NewAct[]
  notices: readonly NewNotice[]
  notifications: readonly NewNotification[]
  retention?: NewRetention
  dueAtMs?: number | null
}

export function draftOf(record: EnvelopeRecord): Draft {
  return { record, acts: [], notices: [], notifications: [] }
}

/** The acts get their places and hashes. */
export function toChange({ record, acts, ...rest }: Draft, trace: Trace, nowMs: number): EnvelopeChange {
  return { ...rest, ...appendActs(record, acts, trace, nowMs) }
}

/** The same envelope with one signer changed. */
export function withSigner(record: EnvelopeRecord, number: number, change: Partial<SignerRecord>): EnvelopeRecord {
  return { ...record, signers: record.signers.map((signer) => (signer.number === number ? { ...signer, ...change } : signer)) }
}

// The chain of an envelope's acts: what somebody or the system did, in order, each hashed with the one before. Each act's event carries its hash into the audit trail.
import { createHash } from 'node:crypto'
import { canonicalJson } from '../../lib/canonical-json.ts'
import { createId, partitionOfId } from '../../lib/ids.ts'
import { randomBytes } from '../../lib/random.ts'
import type { Act, ActType, EnvelopeRecord } from '../envelope-ports.ts'
import type { OutboxEvent } from '../event-ports.ts'
import type { Trace } from '../state-ports.ts'

/** What is to be said of an act; its place, time and hash follow. */
export type NewAct = { type: ActType; signer?: number | null; facts?: Act['facts']; personal?: Act['personal'] }

/** Before the first act. */
export const actsGenesis = '0'.repeat(64)

const saltBytes = 16

/**
 * Adds acts behind those of a record: the record with its new sequence and head, the acts, and one event for each (same type and sequence; the subject is the
 * envelope's id). `record` is as it is to be after the change but for those two. An act with personal facts gets a salt among them, so that its hash says nothing
 * about them once they are erased.
 */
export function appendActs(
  record: EnvelopeRecord,
  acts: readonly NewAct[],
  trace: Trace,
  nowMs: number,
): { record: EnvelopeRecord; acts: Act[]; events: OutboxEvent[] } {
  let { sequence, actsHead } = record
  const made = acts.map(({ type, signer = null, facts = {}, personal = {} }) => {
    const body = {
      envelopeId: record.id,
      sequence: sequence + 1,
      type,
      signer,
      at: new Date(nowMs).toISOString(),
      facts,
      personal: Object.keys(personal).length === 0 ? {} : { ...personal, salt: randomBytes(saltBytes).toString('base64url') },
      previousHash: actsHead,
    }
    const act: Act = { ...body, hash: hashOfAct(body) }
    sequence = act.sequence
    actsHead = act.hash
    return act
  })
  return { record: { ...record, sequence, actsHead }, acts: made, events: made.map((act) => eventOf(act, trace, nowMs)) }
}

/** SHA-256 in hex over all members but `hash` and `isErased`, as RFC 8785 writes them. Throws TypeError for what JSON cannot say. */
export function hashOfAct({ hash: _hash, isErased: _erased, ...rest }: Omit<Act, 'hash'> & { hash?: string }): string {
  return createHash('sha256').update(canonicalJson(rest)).digest('hex')
}

/**
 * What is wrong first, and with which act: `missing` (one is not there, or not in its place), `edited`, `unlinked` (it follows another one), `cut` (the last ones are
 * not there), `added` (it stands behind the last one that the record knows of).
 */
export type ActFault = { sequence: number; reason: 'missing' | 'edited' | 'unlinked' | 'cut' | 'added' }

/**
 * Null when these are the acts of one envelope as they were written, from the first one. With `head` (of the record as it was when they were read) also that none is
 * missing at the end and that none was added there. The content of an act whose personal facts were erased cannot be hashed anew: it is taken at its word, but only
 * of a record that was purged, and if an act of its chain says so.
 */
export function verifyActs(acts: readonly Act[], head?: Pick<EnvelopeRecord, 'sequence' | 'actsHead' | 'purgedAtMs'>): ActFault | null {
  const isPurged =
    head?.purgedAtMs !== undefined && acts.slice(0, head.sequence).some(({ type, isErased }) => type === 'envelope.purged' && !isErased)
  let previousHash = actsGenesis
  for (const [index, act] of acts.entries()) {
    const sequence = index + 1
    if (act.sequence !== sequence || act.envelopeId !== acts[0]?.envelopeId) return { sequence, reason: 'missing' }
    const isItself = act.isErased ? isPurged : isAsHashed(act)
    if (!isItself) return { sequence, reason: 'edited' }
    if (act.previousHash !== previousHash) return { sequence, reason: 'unlinked' }
    if (head && sequence > head.sequence) return { sequence, reason: 'added' }
    previousHash = act.hash
  }
  if (head && acts[head.sequence - 1]?.hash !== head.actsHead) return { sequence: acts.length + 1, reason: 'cut' }
  return null
}

function isAsHashed(act: Act): boolean {
  try {
    return hashOfAct(act) === act.hash
  } catch {
    return false
  }
}

function eventOf({ envelopeId, sequence, type, signer, hash }: Act, trace: Trace, nowMs: number): OutboxEvent {
  const partition = partitionOfId(envelopeId)
  return {
    ...trace,
    id: createId('evt', { partition, keyTag: 0, traits: 0 }),
    partition,
    type,
    subject: envelopeId,
    sequence,
    atMs: nowMs,
    data: { hash, ...(signer === null ? {} : { signer: String(signer) }) },
  }
}

// The chain itself: what an entry's hash covers, and how a broken chain is told from a whole one. Pure; where entries lie is the stores' business.
import { createHash } from 'node:crypto'
import type { AuditEntry, AuditFault } from '../../contracts/audit.ts'
import { canonicalJson } from '../../lib/canonical-json.ts'
import type { AuditFacts, ChainHead, Checkpoint } from '../event-ports.ts'

/** Before the first entry. */
export const genesis: ChainHead = { sequence: 0, hash: '0'.repeat(64) }

/** SHA-256 in hex over all members but `hash`, as RFC 8785 writes them. */
export function hashOf({ hash: _hash, ...rest }: Omit<AuditEntry, 'hash'> & { hash?: string }): string {
  return createHash('sha256').update(canonicalJson(rest)).digest('hex')
}

/** Gives facts their places behind a head, in their order. */
export function chainBehind(head: ChainHead, facts: readonly AuditFacts[]): AuditEntry[] {
  let last = head
  return facts.map((fact) => {
    const body = { ...fact, sequence: last.sequence + 1, previousHash: last.hash }
    const entry = { ...body, hash: hashOf(body) }
    last = entry
    return entry
  })
}

/** What is wrong first: with which entry, and up to which one it may concern. */
export type Break = { sequence: number; reason: AuditFault; through?: number | undefined }

/** Follows a chain entry by entry and knows the checkpoints that speak of it; holds one entry's hash, whatever the length. */
export class ChainCheck {
  entries = 0
  /** How many checkpoints agreed, and the last sequence that one spoke of. */
  checkpoints = 0
  checkpointed: number
  #last: ChainHead

  /** Begins behind `start`; `checkpointed` is what a check before this one had reached. */
  constructor(start: ChainHead = genesis, checkpointed = 0) {
    this.#last = start
    this.checkpointed = checkpointed
  }

  get head(): ChainHead {
    return this.#last
  }

  /** The next entry; null when it belongs there. */
  take(entry: AuditEntry): Break | null {
    const expected = this.#last.sequence + 1
    if (entry.sequence !== expected)
      return { sequence: Math.min(expected, entry.sequence), reason: entry.sequence > expected ? 'removed' : 'reordered' }
    const isItself = matchesItsHash(entry)
    const follows = entry.previousHash === this.#last.hash
    if (!isItself) return { sequence: expected, reason: follows ? 'edited' : 'reordered' }
    // A whole entry that does not follow: the one before is not the one that was there when it was written.
    if (!follows) return { sequence: Math.max(1, expected - 1), reason: 'replaced' }
    this.#last = { sequence: entry.sequence, hash: entry.hash }
    this.entries++
    return null
  }

  /** A checkpoint of the place that was reached; null when it agrees. */
  compare(checkpoint: Checkpoint): Break | null {
    if (checkpoint.sequence === this.#last.sequence && checkpoint.hash !== this.#last.hash) {
      return { sequence: this.checkpointed + 1, reason: 'rewritten', through: checkpoint.sequence }
    }
    this.checkpoints++
    this.checkpointed = checkpoint.sequence
    return null
  }

  /** The chain has ended, and this checkpoint is of a later place. */
  missing(checkpoint: Checkpoint): Break {
    return { sequence: this.#last.sequence + 1, reason: 'cut', through: checkpoint.sequence }
  }
}

function matchesItsHash(entry: AuditEntry): boolean {
  try {
    return hashOf(entry) === entry.hash
  } catch {
    return false
  }
}

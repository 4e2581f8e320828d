// Which partition something belongs to.
import { createHash } from 'node:crypto'

/** The partition of a fingerprint or key, evenly spread over `partitions`; always the same for the same number of them. */
export function partitionOf(subject: string, partitions: number): number {
  return partitions === 1 ? 0 : createHash('sha256').update(subject).digest().readUInt32BE(0) % partitions
}

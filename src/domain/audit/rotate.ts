// Rotation: the oldest entries leave the table for a compressed file that still verifies.
import type { AuditEntry } from '../../contracts/audit.ts'
import { createId } from '../../lib/ids.ts'
import type { ArchiveVault, AuditArchive, AuditStore, OutboxEvent } from '../event-ports.ts'
import type { Trace } from '../state-ports.ts'
import { ChainCheck, genesis } from './chain.ts'

const batch = 2_000
/** One archive holds about so many entries: what the table forgets in one step. */
const mostEntries = 100_000

export type RotateDeps = { audit: AuditStore; vault: ArchiveVault; clock: { nowMs(): number } }

/**
 * Moves the entries before a time to one archive: writes it, reads it back, and only then lets the table forget them. Null when there are none. Throws when the chain
 * is broken there: what is broken is not put away.
 */
export async function rotateAudit({ audit, vault, clock }: RotateDeps, beforeMs: number, trace: Trace): Promise<AuditArchive | null> {
  const last = (await audit.archives()).at(-1)
  const start = last ? { sequence: last.lastSequence, hash: last.lastHash } : genesis
  const check = new ChainCheck(start)
  const firstSequence = start.sequence + 1
  const [first] = await audit.read(start.sequence, 1)
  if (!first || Date.parse(first.at) >= beforeMs) return null
  const name = `${String(firstSequence).padStart(15, '0')}.ndjson.gz`
  await vault.write(name, linesOf(audit, check, beforeMs))
  const written = new ChainCheck(start)
  for await (const line of vault.read(name)) {
    const broken = written.take(JSON.parse(line) as AuditEntry)
    if (broken) throw new Error(`the archive does not verify: entry ${broken.sequence} is ${broken.reason}`)
  }
  if (written.head.hash !== check.head.hash) throw new Error('the archive is not what was written')
  const archive = { name, firstSequence, lastSequence: check.head.sequence, lastHash: check.head.hash, createdAtMs: clock.nowMs() }
  await audit.recordArchive(archive, eventOf(archive, trace))
  return archive
}

function eventOf({ name, firstSequence, lastSequence, createdAtMs }: AuditArchive, trace: Trace): OutboxEvent {
  const id = createId('evt', { partition: 0, keyTag: 0, traits: 0 })
  const data = { firstSequence: String(firstSequence), lastSequence: String(lastSequence) }
  return { ...trace, id, partition: 0, type: 'audit.rotated', subject: `audit:${name}`, sequence: lastSequence, atMs: createdAtMs, data }
}

async function* linesOf(audit: AuditStore, check: ChainCheck, beforeMs: number): AsyncGenerator<string> {
  while (check.entries < mostEntries) {
    const entries = await audit.read(check.head.sequence, batch)
    if (entries.length === 0) return
    for (const entry of entries) {
      if (Date.parse(entry.at) >= beforeMs) return
      const broken = check.take(entry)
      if (broken) throw new Error(`entry ${broken.sequence} is ${broken.reason}: nothing was archived`)
      yield JSON.stringify(entry)
    }
  }
}

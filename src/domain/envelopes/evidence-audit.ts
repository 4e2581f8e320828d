// The part of the audit trail that belongs to a bundle: the subject's own entries in full, of other people's only place and hashes, and the checkpoint that
// speaks for them.
import type { AuditEntry } from '../../contracts/audit.ts'
import { AppError } from '../../errors.ts'
import { latestCheckpoint, writeCheckpoint } from '../audit/checkpoints.ts'
import type { Checkpoint } from '../event-ports.ts'
import type { EvidenceDeps } from './evidence-deps.ts'

type TrailDeps = Pick<EvidenceDeps, 'audit' | 'vault' | 'checkpoints' | 'checkpointSigner' | 'clock'>

/** So many places of others are listed; beyond that a line says how many were left out. Their content is not there either way. */
const mostLinks = 20_000
const batch = 1_000

/** Which entries are the bundle's: those of these subjects. `sinceMs`: when the first of them can have been written. `isComplete` says that none is missing. */
export type TrailWish = { subjects: readonly string[]; sinceMs: number; isComplete: (entries: readonly AuditEntry[]) => boolean }

export type TrailPart = { lines: string; checkpoint: string | null }

/**
 * Lines of JSON in the trail's order, and a signed checkpoint of a place not before the last own entry; null when there is no entry. Throws
 * `evidence_not_ready` while the trail has not taken all of them, unless `isOld`: then what is missing stays missing, and verifying says so.
 */
export async function trailPart(deps: TrailDeps, wish: TrailWish, isOld: boolean): Promise<TrailPart> {
  const own = await ownEntries(deps, wish)
  if (!wish.isComplete(own) && !isOld)
    throw new AppError('evidence_not_ready', { detail: 'The audit trail has not taken everything yet.', retryAfterMs: 2_000 })
  const [first, last] = [own[0], own.at(-1)]
  if (!first || !last) return { lines: '', checkpoint: null }
  const checkpoint = await checkpointFor(deps, last.sequence)
  const lines: string[] = []
  const through = Math.max(last.sequence, checkpoint?.sequence ?? 0)
  for await (const line of linesBetween(deps, own, through)) lines.push(JSON.stringify(line))
  return { lines: lines.map((line) => `${line}\n`).join(''), checkpoint: checkpoint && (await deps.checkpointSigner.sign(checkpoint)) }
}

/** From the table; from archives where the table has let some of them go. */
async function ownEntries(deps: TrailDeps, { subjects, sinceMs, isComplete }: TrailWish): Promise<AuditEntry[]> {
  const lists = await Promise.all(subjects.map((subject) => entriesOf(deps, subject)))
  const found = new Map(lists.flat().map((entry) => [entry.sequence, entry]))
  const sorted = (): AuditEntry[] => [...found.values()].sort((a, b) => a.sequence - b.sequence)
  if (isComplete(sorted())) return sorted()
  for (const archive of await deps.audit.archives()) {
    if (archive.createdAtMs < sinceMs) continue
    for await (const line of deps.vault.read(archive.name)) {
      // Most lines are of others: they are not even parsed.
      if (!subjects.some((subject) => line.includes(`"${subject}"`))) continue
      const entry = JSON.parse(line) as AuditEntry
      if (subjects.includes(entry.subject)) found.set(entry.sequence, entry)
    }
  }
  return sorted()
}

async function entriesOf({ audit }: TrailDeps, subject: string): Promise<AuditEntry[]> {
  const all: AuditEntry[] = []
  for (let last = 0; ;) {
    const entries = await audit.read(last, batch, { subject })
    all.push(...entries)
    last = entries.at(-1)?.sequence ?? last
    if (entries.length < batch) return all
  }
}

type Line = AuditEntry | { sequence: number; previousHash: string; hash: string } | { omitted: number; after: number }

/** Own entries, and what lies between them and up to `through`; of long stretches only that they are there. */
async function* linesBetween(deps: TrailDeps, own: readonly AuditEntry[], through: number): AsyncGenerator<Line> {
  let room = mostLinks
  for (const [index, entry] of own.entries()) {
    yield entry
    const next = own[index + 1]
    const until = next ? next.sequence - 1 : through
    const count = until - entry.sequence
    if (count <= 0) continue
    if (count <= room) {
      room -= count
      yield* linksOf(deps, entry.sequence, until)
      continue
    }
    yield { omitted: count - (next ? 0 : 1), after: entry.sequence }
    if (!next) yield* linksOf(deps, until - 1, until)
  }
}

/** Those that are in the table still; a line says how many are not. */
async function* linksOf({ audit }: TrailDeps, after: number, until: number): AsyncGenerator<Line> {
  let last = after
  while (last < until) {
    const entries = (await audit.read(last, batch)).filter(({ sequence }) => sequence <= until)
    for (const { sequence, previousHash, hash } of entries) {
      if (sequence > last + 1) yield { omitted: sequence - last - 1, after: last }
      yield { sequence, previousHash, hash }
      last = sequence
    }
    if (entries.length > 0) continue
    if (last < until) yield { omitted: until - last, after: last }
    return
  }
}

/**
 * The newest checkpoint if it speaks for `sequence`; else one is written now, which verifies what was added since. Of a trail that is not what it was nothing
 * new is signed: the bundle then has the last checkpoint before it, if any, and verifying names what is missing.
 */
async function checkpointFor(deps: TrailDeps, sequence: number): Promise<Checkpoint | null> {
  const last = await latestCheckpoint(deps)
  if (last && last.sequence >= sequence) return last
  // Where it cannot be kept it is in the bundle all the same.
  const checkpoints = {
    ...deps.checkpoints,
    append: (...kept: Parameters<TrailDeps['checkpoints']['append']>) => deps.checkpoints.append(...kept).catch(() => {}),
  }
  const outcome = await writeCheckpoint({ ...deps, checkpoints }, last)
  return outcome.kind === 'written' ? outcome.checkpoint : last
}

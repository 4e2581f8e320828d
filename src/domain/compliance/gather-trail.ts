// The audit trail from the first entry of an envelope or document to now: entries that link without a gap, one for each act with its hash, and checkpoints that agree.
import type { AuditEntry } from '../../contracts/audit.ts'
import { ChainCheck } from '../audit/chain.ts'
import { actTypes, type Act } from '../envelope-ports.ts'
import type { ComplianceWorkDeps } from './deps.ts'
import type { TrailFacts } from './facts.ts'
import { mostCheckpoints, mostTrailEntries } from './policy.ts'

type TrailDeps = Pick<ComplianceWorkDeps, 'audit' | 'checkpoints' | 'checkpointSigner'>

/** `entries` are the subject’s own. `eventOf` gives the id of the entry that carries an act; null when none does. */
export type Trail = { facts: TrailFacts; entries: readonly AuditEntry[]; eventOf: (sequence: number) => string | null }

const batch = 2_000
const isActType = (action: string): boolean => (actTypes as readonly string[]).includes(action)
const nothing = { detail: null, first: null, last: null, entries: 0, checkpointed: null }

/** Every entry of a subject. Read before the acts: what is in the trail then is in the acts as well. */
export async function entriesOf({ audit }: Pick<TrailDeps, 'audit'>, subject: string): Promise<AuditEntry[]> {
  const all: AuditEntry[] = []
  for (let last = 0; ;) {
    const entries = await audit.read(last, batch, { subject })
    all.push(...entries)
    last = entries.at(-1)?.sequence ?? last
    if (entries.length < batch) return all
  }
}

/** Of an envelope: also each act against its entry. `createdAtMs` tells whether an archive may hold what is not in the table. */
export async function envelopeTrail(
  deps: TrailDeps,
  own: readonly AuditEntry[],
  acts: readonly Act[],
  createdAtMs: number,
): Promise<Trail> {
  const carried = own.filter(({ action }) => isActType(action))
  const bySequence = new Map(carried.map((entry) => [entry.subjectSequence, entry]))
  const eventOf = (sequence: number): string | null => bySequence.get(sequence)?.id ?? null
  const facts = await stateOf(deps, carried, acts, bySequence, createdAtMs)
  return { facts, entries: own, eventOf }
}

async function stateOf(
  deps: TrailDeps,
  carried: readonly AuditEntry[],
  acts: readonly Act[],
  bySequence: ReadonlyMap<number, AuditEntry>,
  createdAtMs: number,
): Promise<TrailFacts> {
  const fault = anchorFault(carried, acts, bySequence)
  const walked = await walk(deps, carried, createdAtMs)
  if (walked.state === 'broken' || walked.state === 'archived' || fault === null) return walked
  if (fault.kind === 'broken') return { ...walked, state: 'broken', detail: fault.detail }
  if (fault.kind === 'front_missing') {
    const isArchived = (await deps.audit.archives()).some((archive) => archive.createdAtMs >= createdAtMs)
    return isArchived ? { ...walked, state: 'archived' } : { ...walked, state: 'broken', detail: fault.detail }
  }
  return { ...walked, state: 'behind', detail: fault.detail }
}

type AnchorFault = { kind: 'broken' | 'front_missing' | 'behind'; detail: string }

/** The trail takes an envelope's events in their order: what is missing before one that is there was removed (or archived), what is missing at the end may be on its way. */
function anchorFault(
  carried: readonly AuditEntry[],
  acts: readonly Act[],
  bySequence: ReadonlyMap<number, AuditEntry>,
): AnchorFault | null {
  if (bySequence.size !== carried.length) return { kind: 'broken', detail: 'two entries carry the same act' }
  const inOrder = carried.every((entry, at) => at === 0 || entry.subjectSequence > (carried[at - 1]?.subjectSequence ?? 0))
  if (!inOrder) return { kind: 'broken', detail: 'entries stand in another order than the acts' }
  const unknown = carried.find(({ subjectSequence }) => subjectSequence > acts.length)
  if (unknown) return { kind: 'broken', detail: `entry ${unknown.sequence} carries an act that is not there` }
  for (const act of acts) {
    const entry = bySequence.get(act.sequence)
    if (entry && (entry.action !== act.type || entry.data['hash'] !== act.hash))
      return { kind: 'broken', detail: `entry ${entry.sequence} does not carry act ${act.sequence}` }
  }
  const [first, last] = [carried[0]?.subjectSequence ?? Infinity, carried.at(-1)?.subjectSequence ?? 0]
  const gap = acts.find(({ sequence }) => sequence > first && sequence < last && !bySequence.has(sequence))
  if (gap) return { kind: 'broken', detail: `act ${gap.sequence} has no entry` }
  if (last === 0) return { kind: 'behind', detail: 'no act has an entry' }
  if (first > 1) return { kind: 'front_missing', detail: 'act 1 has no entry' }
  return last < acts.length ? { kind: 'behind', detail: `act ${last + 1} has no entry` } : null
}

/** Of a document without an envelope. */
export async function documentTrail(deps: TrailDeps, own: readonly AuditEntry[], createdAtMs: number): Promise<Trail> {
  return { facts: await walk(deps, own, createdAtMs), entries: own, eventOf: () => null }
}

/** From the first own entry to the end of the trail. */
async function walk(deps: TrailDeps, own: readonly AuditEntry[], createdAtMs: number): Promise<TrailFacts> {
  const [first, last] = [own[0], own.at(-1)]
  if (!first || !last) {
    const isArchived = (await deps.audit.archives()).some((archive) => archive.createdAtMs >= createdAtMs)
    return { ...nothing, state: isArchived ? 'archived' : 'none' }
  }
  const known = await checkpointsFrom(deps, first.sequence)
  const check = new ChainCheck({ sequence: first.sequence - 1, hash: first.previousHash })
  const found = { first: place(first), last: place(last) }
  let checkpointed: number | null = null
  const told = (state: TrailFacts['state'], detail: string | null): TrailFacts => ({
    state,
    detail,
    ...found,
    entries: check.entries,
    checkpointed,
  })
  for (;;) {
    const entries = await deps.audit.read(check.head.sequence, batch)
    for (const entry of entries) {
      const broken = check.take(entry)
      if (broken) return told('broken', `entry ${broken.sequence} is ${broken.reason}`)
      const hash = known.get(entry.sequence)
      if (hash !== undefined && hash !== entry.hash) return told('broken', `entry ${entry.sequence} is not what a signed checkpoint says`)
      if (hash !== undefined) checkpointed = entry.sequence
    }
    if (entries.length < batch) break
    if (check.entries >= mostTrailEntries) return told('unreachable', `more than ${mostTrailEntries} entries`)
  }
  const newest = Math.max(0, ...known.keys())
  if (newest > check.head.sequence)
    return told('broken', `what followed entry ${check.head.sequence} was cut off: a signed checkpoint speaks of entry ${newest}`)
  return check.head.sequence < last.sequence ? told('broken', `entry ${last.sequence} is not where it was`) : told('whole', null)
}

/** Hashes that our key signed for places from `sequence` on. */
async function checkpointsFrom({ checkpoints, checkpointSigner }: TrailDeps, sequence: number): Promise<Map<number, string>> {
  const found = new Map<number, string>()
  let read = 0
  for await (const signed of checkpoints.newest()) {
    const checkpoint = await checkpointSigner.read(signed)
    if (checkpoint && checkpoint.sequence < sequence) break
    if (checkpoint) found.set(checkpoint.sequence, checkpoint.hash)
    if (++read >= mostCheckpoints) break
  }
  return found
}

function place({ sequence, id }: AuditEntry): { sequence: number; event: string } {
  return { sequence, event: id }
}

// The audit trail from the first entry of an envelope or document to now: entries that link without a gap, one for each act with its hash, and checkpoints that agree.
import type { AuditEntry } from '../../contracts/audit.ts'
import { ChainCheck, genesis } from '../audit/chain.ts'
import { actTypes, type Act } from '../envelope-ports.ts'
import type { ComplianceWorkDeps } from './deps.ts'
import type { TrailFacts } from './facts.ts'
import type { ChainHead } from '../event-ports.ts'
import { mostCheckpoints, mostTrailEntries, overtakenMs } from './policy.ts'

type TrailDeps = Pick<ComplianceWorkDeps, 'audit' | 'checkpoints' | 'checkpointSigner'>

/**
 * `entries` are the subject’s own. `eventOf` gives the id of the entry that carries an act; null when none does. `isOvertaken`: the trail has taken what happened long
 * after an act that has no entry.
 */
export type Trail = {
  facts: TrailFacts
  entries: readonly AuditEntry[]
  eventOf: (sequence: number) => string | null
  isOvertaken: boolean
}

const batch = 2_000
const isActType = (action: string): boolean => (actTypes as readonly string[]).includes(action)
const nowhere = { first: null, last: null }
const nothing = { detail: null, ...nowhere, entries: 0, checkpointed: null }

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
  const missing = acts.find(({ sequence }) => !bySequence.has(sequence))
  const isOvertaken = missing !== undefined && (await hasPassed(deps, Date.parse(missing.at)))
  return { facts, entries: own, eventOf, isOvertaken }
}

/** What is on its way no longer than the others cannot have been taken over by them: it was removed. Only to be asked once what is on its way was waited for. */
export function withoutOvertaken(trail: Trail): Trail {
  const { state, detail } = trail.facts
  if (!trail.isOvertaken || (state !== 'behind' && state !== 'none')) return trail
  const what = `${detail ?? 'there is no entry'}, though the trail has taken what happened long after`
  return { ...trail, facts: { ...trail.facts, state: 'broken', detail: what } }
}

async function hasPassed({ audit }: TrailDeps, ms: number): Promise<boolean> {
  return (await audit.page({ fromMs: ms + overtakenMs }, undefined, 1)).length > 0
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
  const facts = await walk(deps, own, createdAtMs)
  return { facts, entries: own, eventOf: () => null, isOvertaken: own.length === 0 && (await hasPassed(deps, createdAtMs)) }
}

/** From the first own entry to the end of the trail. */
async function walk(deps: TrailDeps, own: readonly AuditEntry[], createdAtMs: number): Promise<TrailFacts> {
  const [first, last] = [own[0], own.at(-1)]
  if (!first || !last) {
    const isArchived = (await deps.audit.archives()).some((archive) => archive.createdAtMs >= createdAtMs)
    // Nothing of it is there: what was taken out leaves a gap in what is.
    const around = await follow(deps, await headBefore(deps, createdAtMs - overtakenMs), nowhere)
    return around.state === 'whole' ? { ...nothing, state: isArchived ? 'archived' : 'none' } : around
  }
  const followed = await follow(
    deps,
    { sequence: first.sequence - 1, hash: first.previousHash },
    { first: place(first), last: place(last) },
  )
  const isThere = followed.state !== 'whole' || followed.entries > last.sequence - first.sequence
  return isThere ? followed : { ...followed, state: 'broken', detail: `entry ${last.sequence} is not where it was` }
}

/** Where the trail stood at a time: its last entry from before, else where the last archive ends, else its beginning. */
async function headBefore({ audit }: TrailDeps, ms: number): Promise<ChainHead> {
  const [before] = await audit.page({ toMs: ms }, undefined, 1)
  if (before) return { sequence: before.sequence, hash: before.hash }
  const archive = (await audit.archives()).at(-1)
  return archive ? { sequence: archive.lastSequence, hash: archive.lastHash } : genesis
}

/** From behind a place to the end of the trail. */
async function follow(deps: TrailDeps, start: ChainHead, found: Pick<TrailFacts, 'first' | 'last'>): Promise<TrailFacts> {
  const known = await checkpointsFrom(deps, start.sequence + 1)
  const check = new ChainCheck(start)
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
  return told('whole', null)
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

// Opening, creating and changing drafts: the one engine under forms, onboarding and wizards. Every change is compare-and-set; none is lost.
import { AppError } from '../../errors.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Count, StateKey, StateRecord, Trace } from '../state-ports.ts'
import { abandonedAt, countOf, countProgress } from './counters.ts'
import type { FlowDeps } from './deps.ts'
import { createDraft, openSealedDraft, sealDraft, type Draft } from './draft.ts'
import { fitDraft } from './fit-draft.ts'
import { firstOpenStep, validSteps, type Flow } from './flow.ts'

/** A living draft in the shape of the flow that serves it. `hasMoved`: the flow has another version than the draft was saved under. */
export type OpenDraft = { record: StateRecord; flow: Flow; draft: Draft; step: number; hasMoved: boolean }

/** What a change leaves: the draft, and the step at which its owner now is. */
export type Change = { draft: Draft; step: number }

/** Two tabs that type at once meet again and again; nobody meets this often. */
const maxTries = 50

/** The draft at this place; null when there is none, it was consumed, or its flow is gone altogether. */
export async function openDraft(deps: FlowDeps, key: StateKey): Promise<OpenDraft | null> {
  const nowMs = deps.clock.nowMs()
  const record = await deps.states.read(key, nowMs)
  return record && openRecord(deps, record, nowMs)
}

/** The same for a record that was read before. */
export function openRecord(deps: Pick<FlowDeps, 'keyring' | 'catalogue'>, record: StateRecord, nowMs: number): OpenDraft | null {
  const { definition = '', version = '', step = '1' } = record.facts
  const pinned = Number(version)
  const flow = deps.catalogue.version(record.kind, definition, pinned) ?? newestOf(deps, record.kind, definition)
  const stored = record.status === 'active' ? openSealedDraft(deps.keyring, record, nowMs) : null
  if (!flow || !stored) return null
  const draft = fitDraft(flow, stored, pinned)
  const hasMoved = flow.version !== pinned
  return { record, flow, draft, step: hasMoved ? restartStep(flow, draft) : Math.min(Number(step), flow.steps.length), hasMoved }
}

function newestOf({ catalogue }: Pick<FlowDeps, 'catalogue'>, kind: string, id: string): Flow | null {
  return kind === 'form' || kind === 'onboarding' || kind === 'wizard' ? catalogue.newest(kind, id) : null
}

/** What makes a draft this one and no other: ids of forms and onboardings come again, versions too, the submission's id does not. */
export function identityOf({ facts }: StateRecord): { submission: string } {
  return { submission: facts['submission'] ?? '' }
}

/** A draft whose flow changed goes on at the first step that is not valid any more. */
function restartStep(flow: Flow, draft: Draft): number {
  return firstOpenStep(flow, validSteps(flow, draft.steps)) ?? flow.steps.length
}

export type NewDraft = { key: StateKey; flow: Flow; owner: string; userId: string | undefined; submissionId: string; lifetimeMs: number }

/** Creates a draft, filled by `work`; null when there is a living one at this place already. A consumed or expired one makes room. */
export async function createDraftAt(
  deps: FlowDeps,
  trace: Trace,
  place: NewDraft,
  work: (empty: Draft) => Change,
): Promise<OpenDraft | null> {
  const nowMs = deps.clock.nowMs()
  const { key, flow, owner, submissionId, lifetimeMs } = place
  const change = work(createDraft(lifetimeMs, nowMs, place.userId))
  const { draft, counts } = countProgress(flow, change.draft, change.step, nowMs, true)
  const expiresAtMs = nowMs + draft.lifetimeMs
  const facts = { owner, definition: flow.id, version: String(flow.version), step: String(change.step), submission: submissionId }
  const sealed = sealDraft(deps.keyring, key, expiresAtMs, draft)
  const isCreated = await deps.states.create(
    {
      ...key,
      expiresAtMs,
      facts,
      sealed,
      indexes: [],
      replacesEnded: true,
      counts: [countOf(flow, 'started'), ...counts],
      countsOnExpiry: abandonedAt(flow, change.step),
    },
    trace,
    nowMs,
  )
  if (!isCreated) return null
  const times = { createdAtMs: nowMs, updatedAtMs: nowMs, expiresAtMs }
  return {
    record: { ...key, ...times, version: 1, status: 'active', order: 0, facts, sealed },
    flow,
    draft,
    step: change.step,
    hasMoved: false,
  }
}

/**
 * Changes the draft at this place by what `work` makes of it, again on what is there when somebody else was faster. `work` returns null when nothing is
 * to be written, and throws to refuse. Null when there is no living draft.
 */
export async function changeDraft(
  deps: FlowDeps,
  trace: Trace,
  key: StateKey,
  work: (open: OpenDraft) => Change | null,
): Promise<OpenDraft | null> {
  for (let tries = 0; tries < maxTries; tries++) {
    const open = await openDraft(deps, key)
    if (!open) return null
    const change = work(open)
    if (!change) return open
    const nowMs = deps.clock.nowMs()
    const { draft, counts } = countProgress(open.flow, change.draft, change.step, nowMs, false)
    const outcome = await writeDraft(deps, trace, { ...open, draft, step: change.step }, counts, nowMs)
    if (outcome === 'gone') return null
    if (outcome !== 'conflict') return { ...open, record: outcome, draft, step: change.step, hasMoved: false }
  }
  throw new AppError('service_degraded', { retryAfterMs: SECOND_MS })
}

async function writeDraft(
  deps: FlowDeps,
  trace: Trace,
  { record, flow, draft, step }: OpenDraft,
  counts: readonly Count[],
  nowMs: number,
): Promise<StateRecord | 'conflict' | 'gone'> {
  const expiresAtMs = nowMs + draft.lifetimeMs
  const outcome = await deps.states.update(
    record,
    {
      version: record.version,
      expects: identityOf(record),
      sealed: sealDraft(deps.keyring, record, expiresAtMs, draft),
      facts: { version: String(flow.version), step: String(step) },
      expiresAtMs,
      counts,
      countsOnExpiry: abandonedAt(flow, step),
    },
    trace,
    nowMs,
  )
  if (outcome.kind === 'updated') return outcome.record
  return outcome.kind === 'conflict' ? 'conflict' : 'gone'
}

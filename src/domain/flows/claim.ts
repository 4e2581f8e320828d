// After sign-in: what a browser began by its cookie becomes the user's. Nothing is lost: what has no room stays the cookie's.
import { isDeepStrictEqual } from 'node:util'
import type { ClaimResult } from '../../contracts/flow.ts'
import { AppError, invalidField } from '../../errors.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { createId, partitionOfId } from '../../lib/ids.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { SeenState, StateKey, StateRecord, Trace } from '../state-ports.ts'
import { traceOf } from '../verification/access.ts'
import { abandonedAt } from './counters.ts'
import type { FlowDeps } from './deps.ts'
import { sealDraft } from './draft.ts'
import { identityOf, openDraft, openRecord, type OpenDraft } from './drafts.ts'
import { bindingOwner, derivedDraftKey, ownerOf } from './owner.ts'

/** A browser that saves while it is claimed comes between a few times; nobody does this often. */
const maxTries = 50

/**
 * Moves the drafts of the caller's binding cookie to the signed-in caller, under the ids that are theirs then. Where both have a draft of the same flow
 * the user's stays, and the answer names the cookie's as kept aside. Doing it twice does no more. Throws `forbidden` for who is no user,
 * `invalid_request` without a cookie.
 */
export async function claimFlows(deps: FlowDeps, caller: Caller, context: RequestContext): Promise<ClaimResult> {
  if (caller.kind !== 'user') throw new AppError('forbidden', { detail: 'Only a user can take over what a browser began.' })
  if (caller.binding === undefined) throw invalidField('', 'the browser brought no binding cookie: there is nothing to claim')
  const cookieOwner = bindingOwner(deps.keyring, caller.binding)
  const owner = ownerOf(deps, caller) ?? ''
  const trace = traceOf(deps, caller, context)
  const flows = [...deps.catalogue.list('form'), ...deps.catalogue.list('onboarding')]
  const result: ClaimResult = { claimed: [], keptAside: [] }
  for (const flow of flows) {
    const open = await openDraft(deps, derivedDraftKey(deps, flow, cookieOwner))
    if (!open) continue
    const key = derivedDraftKey(deps, flow, owner)
    const outcome = await moveDraft({ deps, trace, key, owner, userId: caller.subject }, open)
    if (outcome === 'ended') continue
    const from = open.record.id
    result[outcome].push({ kind: flow.kind, definition: flow.id, id: outcome === 'claimed' ? key.id : from, from })
  }
  return result
}

type Moving = { deps: FlowDeps; trace: Trace; key: StateKey; owner: string; userId: string }

/**
 * First there, then gone here, and gone only as the draft that was moved: a crash in between leaves both, which are equal, and the next claim finishes
 * it. What is saved here meanwhile is moved as well; what was sent in meanwhile stays sent in (`ended`).
 */
async function moveDraft(moving: Moving, from: OpenDraft): Promise<'claimed' | 'keptAside' | 'ended'> {
  const { deps, trace, key } = moving
  let seen = from
  let copy = await createCopy(moving, from)
  if (!copy && !(await isMovedAlready(moving, from))) return 'keptAside'
  for (let tries = 0; tries < maxTries; tries++) {
    const nowMs = deps.clock.nowMs()
    if (await deps.states.remove(seen.record, trace, nowMs, [], seenOf(seen.record))) return 'claimed'
    const record = await deps.states.read(seen.record, nowMs)
    // Another claim was faster, or it was thrown away and maybe begun anew: what was read is moved, what is there now is another draft.
    if (!record || identityOf(record).submission !== identityOf(seen.record).submission) return 'claimed'
    if (record.status !== 'active') {
      // As it was made: should the user have gone on with it already, it is theirs.
      if (copy) await deps.states.remove(key, trace, nowMs, [], seenOf(copy))
      return 'ended'
    }
    const open = openRecord(deps, record, nowMs)
    copy = open && copy && (await updateCopy(moving, copy, open))
    if (!open || !copy) return 'keptAside'
    seen = open
  }
  throw new AppError('service_degraded', { retryAfterMs: SECOND_MS })
}

type Copy = Pick<StateRecord, 'version' | 'facts'>

/** The draft under the user's id, with a submission of its own; null when the user has one there. */
async function createCopy({ deps, trace, key, owner, userId }: Moving, { record, flow, draft, step }: OpenDraft): Promise<Copy | null> {
  const submission = createId('sub', { partition: partitionOfId(key.id), keyTag: 0, traits: 0 })
  const facts = { ...record.facts, owner, submission, version: String(flow.version), step: String(step) }
  const { expiresAtMs } = record
  const sealed = sealDraft(deps.keyring, key, expiresAtMs, { ...draft, userId })
  const shared = { indexes: [], replacesEnded: true, countsOnExpiry: abandonedAt(flow, step) }
  const isCreated = await deps.states.create({ ...key, ...shared, expiresAtMs, facts, sealed }, trace, deps.clock.nowMs())
  return isCreated ? { version: 1, facts } : null
}

/** Null when the user has gone on with the copy: both stay then. */
async function updateCopy(
  { deps, trace, key, userId }: Moving,
  copy: Copy,
  { record, flow, draft, step }: OpenDraft,
): Promise<Copy | null> {
  const { expiresAtMs } = record
  const change = {
    version: copy.version,
    expects: { submission: copy.facts['submission'] ?? '' },
    sealed: sealDraft(deps.keyring, key, expiresAtMs, { ...draft, userId }),
    facts: { version: String(flow.version), step: String(step) },
    expiresAtMs,
    countsOnExpiry: abandonedAt(flow, step),
  }
  const outcome = await deps.states.update(key, change, trace, deps.clock.nowMs())
  return outcome.kind === 'updated' ? outcome.record : null
}

/** Whether what the user has there is the same: an earlier claim came as far as that. */
async function isMovedAlready({ deps, key }: Moving, { draft }: OpenDraft): Promise<boolean> {
  const theirs = await openDraft(deps, key)
  return theirs !== null && isDeepStrictEqual(theirs.draft.steps, draft.steps)
}

function seenOf({ version, facts }: Copy): SeenState {
  return { version, facts: { submission: facts['submission'] ?? '' } }
}

// After sign-in: what a browser began by its cookie becomes the user's. Nothing is lost: what has no room stays the cookie's.
import { isDeepStrictEqual } from 'node:util'
import type { ClaimResult } from '../../contracts/flow.ts'
import { AppError, invalidField } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { Trace } from '../state-ports.ts'
import { traceOf } from '../verification/access.ts'
import { abandonedAt } from './counters.ts'
import type { FlowDeps } from './deps.ts'
import { sealDraft } from './draft.ts'
import { openDraft, type OpenDraft } from './drafts.ts'
import type { Flow } from './flow.ts'
import { bindingOwner, derivedDraftKey, ownerOf } from './owner.ts'

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
    // oxlint-disable-next-line no-await-in-loop -- a handful, and what was moved stays moved should a later one fail
    const open = await openDraft(deps, derivedDraftKey(deps, flow, cookieOwner))
    if (!open) continue
    const key = derivedDraftKey(deps, flow, owner)
    // oxlint-disable-next-line no-await-in-loop -- as above
    const isMoved = await moveDraft(deps, trace, flow, open, owner, caller.subject)
    const entry = { kind: flow.kind, definition: flow.id, id: isMoved ? key.id : open.record.id, from: open.record.id }
    result[isMoved ? 'claimed' : 'keptAside'].push(entry)
  }
  return result
}

/** First there, then gone here: a crash in between leaves both, which are equal, and the next claim finishes it. */
async function moveDraft(deps: FlowDeps, trace: Trace, flow: Flow, open: OpenDraft, owner: string, userId: string): Promise<boolean> {
  const key = derivedDraftKey(deps, flow, owner)
  const nowMs = deps.clock.nowMs()
  const { record, draft, step } = open
  const mine = { ...draft, userId }
  const isCreated = await deps.states.create(
    {
      ...key,
      expiresAtMs: record.expiresAtMs,
      facts: { ...record.facts, owner, version: String(open.flow.version), step: String(step) },
      sealed: sealDraft(deps.keyring, key, record.expiresAtMs, mine),
      indexes: [],
      replacesEnded: true,
      countsOnExpiry: abandonedAt(open.flow, step),
    },
    trace,
    nowMs,
  )
  if (!isCreated) {
    const theirs = await openDraft(deps, key)
    if (!theirs || !isDeepStrictEqual(theirs.draft.steps, draft.steps)) return false
  }
  await deps.states.remove(record, trace, nowMs)
  return true
}

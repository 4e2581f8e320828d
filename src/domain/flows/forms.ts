// Forms: one draft for each owner and form, saved step by step, found again on every device.
import type { Completion, FormProgress, FormResume, SaveFormRequest } from '../../contracts/flow.ts'
import { AppError, invalidField } from '../../errors.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { createId, partitionOfId } from '../../lib/ids.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { StateKey, Trace } from '../state-ports.ts'
import { traceOf } from '../verification/access.ts'
import { completeDraft } from './complete.ts'
import { countOf } from './counters.ts'
import type { FlowDeps } from './deps.ts'
import type { Draft } from './draft.ts'
import { changeDraft, createDraftAt, openRecord, type Change, type OpenDraft } from './drafts.ts'
import { firstOpenStep, requireAudience, validSteps, type Flow } from './flow.ts'
import { derivedDraftKey, ownerOf } from './owner.ts'
import { applyPatches, requireVersion, type Patches } from './save.ts'
import { isResumable, plain, time, unplacedOf } from './view.ts'

/** How often somebody else may create or end the draft while it is saved here. */
const maxTries = 10

/** The newest version of a form. Throws `not_found`, `unauthenticated`, `forbidden`. */
export function formFor(deps: Pick<FlowDeps, 'catalogue'>, caller: Caller, formId: string): Flow {
  const flow = deps.catalogue.newest('form', formId)
  if (!flow) throw new AppError('not_found', { detail: 'There is no such form.' })
  requireAudience(flow, caller)
  return flow
}

/** Where the caller's draft of this form lies; null for a browser that owns nothing yet. */
export function formKey(deps: FlowDeps, caller: Caller, flow: Flow): StateKey | null {
  const owner = ownerOf(deps, caller)
  return owner === null ? null : derivedDraftKey(deps, flow, owner)
}

/**
 * Saves one step, creating the draft if there is none. Without `version` the last write of a field wins and everything else is kept. Throws
 * `version_conflict` (also for a version of a draft that was thrown away or has run out), `flow_completed` (of one that was sent in), `invalid_request`,
 * `too_large`.
 */
export async function saveForm(
  deps: FlowDeps,
  caller: Caller,
  formId: string,
  request: SaveFormRequest,
  context: RequestContext,
): Promise<FormProgress> {
  const flow = formFor(deps, caller, formId)
  const owner = ownerOf(deps, caller)
  if (owner === null) throw new AppError('unauthenticated')
  const key = derivedDraftKey(deps, flow, owner)
  const patches: Patches = { steps: { [request.step]: request.data }, pointer: () => '/data' }
  if (request.expiresIn !== undefined && request.expiresIn > (flow.longestLifetime ?? flow.lifetime)) {
    throw invalidField('/expiresIn', `must be at most ${flow.longestLifetime ?? flow.lifetime} seconds`)
  }
  const lifetimeMs = request.expiresIn === undefined ? undefined : request.expiresIn * SECOND_MS
  const apply = (target: Flow, draft: Draft): Change => {
    requireStep(target, request.step)
    return { draft: { ...applyPatches(target, draft, patches), ...(lifetimeMs === undefined ? {} : { lifetimeMs }) }, step: request.step }
  }
  const trace = traceOf(deps, caller, context)
  for (let tries = 0; tries < maxTries; tries++) {
    const changed = await changeDraft(deps, trace, key, (open) =>
      requireVersion(open, request.version, patches) ? apply(open.flow, open.draft) : null,
    )
    if (changed) return progressOf(changed)
    await makeRoom(deps, key, request, trace)
    const userId = caller.kind === 'user' ? caller.subject : undefined
    const submissionId = createId('sub', { partition: partitionOfId(key.id), keyTag: 0, traits: 0 })
    const place = { key, flow, owner, userId, submissionId, lifetimeMs: flow.lifetime * SECOND_MS }
    const created = await createDraftAt(deps, trace, place, (empty) => apply(flow, empty))
    if (created) return progressOf(created)
  }
  throw new AppError('service_degraded', { retryAfterMs: SECOND_MS })
}

/**
 * A tab that still shows a draft which is not there any more must not begin a new one by saving on: it would hold nothing else of what the tab shows.
 * A draft that nobody can read any more (its key has left the ring) is ended.
 */
async function makeRoom(deps: FlowDeps, key: StateKey, { version: seen = 0, step, data }: SaveFormRequest, trace: Trace): Promise<void> {
  const nowMs = deps.clock.nowMs()
  const record = await deps.states.read(key, nowMs)
  if (seen > 0 && record?.status === 'consumed') throw new AppError('flow_completed')
  if (seen > 0) {
    throw new AppError('version_conflict', {
      detail:
        'The draft of this version is gone: thrown away, moved, or past its time. Nothing was saved; leave the version out to begin anew.',
      conflict: { version: 0, yours: { [step]: data }, theirs: {} },
    })
  }
  if (record?.status === 'active' && !openRecord(deps, record, nowMs)) await deps.states.expire(key, trace, nowMs)
}

function requireStep(flow: Flow, step: number): void {
  if (step > flow.steps.length) throw invalidField('/step', `there are steps 1 to ${flow.steps.length}`)
}

/** What was saved, and where to go on. A form that nobody began has nothing to resume; that is an answer, not an error. */
export async function resumeForm(deps: FlowDeps, caller: Caller, formId: string): Promise<FormResume> {
  const flow = formFor(deps, caller, formId)
  const key = formKey(deps, caller, flow)
  const nowMs = deps.clock.nowMs()
  const record = key && (await deps.states.read(key, nowMs))
  const nothing = {
    canResume: false,
    startFromStep: 1,
    totalSteps: flow.steps.length,
    completedSteps: [],
    savedData: {},
    lastUpdated: null,
  }
  if (!record) return { ...nothing, message: 'Nothing is saved. Begin at step 1.' }
  const lastUpdated = time(record.updatedAtMs)
  if (record.status === 'consumed') return { ...nothing, lastUpdated, message: 'This was sent in. A new one begins at step 1.' }
  const open = openRecord(deps, record, nowMs)
  if (!open) return { ...nothing, lastUpdated, message: 'What was saved can no longer be read. Begin at step 1.' }
  return resumeOf(open, nowMs)
}

function resumeOf(open: OpenDraft, nowMs: number): FormResume {
  const { record, flow, draft } = open
  const completedSteps = validSteps(flow, draft.steps)
  const startFromStep = firstOpenStep(flow, completedSteps) ?? flow.steps.length
  const canResume = isResumable(open, nowMs)
  return {
    canResume,
    startFromStep,
    totalSteps: flow.steps.length,
    completedSteps,
    savedData: plain(draft.steps),
    lastUpdated: time(record.updatedAtMs),
    message: messageOf(open, startFromStep, canResume, completedSteps.length === flow.steps.length),
    version: record.version,
    expiresAt: time(record.expiresAtMs),
    ...unplacedOf(open),
  }
}

function messageOf({ hasMoved }: OpenDraft, step: number, canResume: boolean, isFull: boolean): string {
  if (!canResume) return 'This was left too long ago to be continued; what was saved is still here.'
  if (hasMoved) return `The form has changed since. Everything you wrote is kept; go on at step ${step}.`
  return isFull ? 'Every step is done. It can be sent in.' : `Go on at step ${step}.`
}

function progressOf(open: OpenDraft): FormProgress {
  const { record, flow, draft, step } = open
  return {
    currentStep: step,
    totalSteps: flow.steps.length,
    completedSteps: validSteps(flow, draft.steps),
    formData: plain(draft.steps),
    lastUpdated: time(record.updatedAtMs),
    version: record.version,
    expiresAt: time(record.expiresAtMs),
    ...unplacedOf(open),
  }
}

/** Throws the caller's draft away; nothing happens when there is none. What was sent in stays sent in. */
export async function discardForm(deps: FlowDeps, caller: Caller, formId: string, context: RequestContext): Promise<void> {
  const flow = formFor(deps, caller, formId)
  const key = formKey(deps, caller, flow)
  const nowMs = deps.clock.nowMs()
  const record = key && (await deps.states.read(key, nowMs))
  if (record?.status === 'active') await deps.states.remove(record, traceOf(deps, caller, context), nowMs, [countOf(flow, 'discarded')])
}

/** Sends the caller's draft in. Throws `not_found` where nothing was saved, `step_invalid`, `service_degraded`. */
export async function completeForm(deps: FlowDeps, caller: Caller, formId: string, context: RequestContext): Promise<Completion> {
  const key = formKey(deps, caller, formFor(deps, caller, formId))
  if (!key) throw new AppError('not_found')
  return completeDraft(deps, caller, key, context)
}

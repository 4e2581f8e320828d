// Onboarding: one session for each owner and kind of user, step by step, with how far it is and how long the rest takes.
import type { OnboardingProgress, SaveOnboardingStepRequest } from '../../contracts/flow.ts'
import { AppError } from '../../errors.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { createId, partitionOfId } from '../../lib/ids.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { StateKey, StateRecord } from '../state-ports.ts'
import { traceOf } from '../verification/access.ts'
import { readStepTimes, type StepTimes } from './analytics.ts'
import type { FlowDeps } from './deps.ts'
import { changeDraft, createDraftAt, openRecord, type Change, type OpenDraft } from './drafts.ts'
import { checkStep, firstOpenStep, stepNumbers, stepOf, validSteps, type Flow } from './flow.ts'
import { derivedDraftKey, ownerOf, requireOwner } from './owner.ts'
import { applyPatches, requireVersion, type Patches } from './save.ts'
import { isResumable, plain, time, unplacedOf } from './view.ts'

/** How often somebody else may create or end the session while it is begun here. */
const maxTries = 10

export function onboardingKey(sessionId: string): StateKey {
  return { kind: 'onboarding', id: sessionId }
}

/** Begins an onboarding, or answers with the one that the caller can still go on with. Throws `not_found` for a kind of user without one. */
export async function startOnboarding(
  deps: FlowDeps,
  caller: Caller,
  userType: string,
  context: RequestContext,
): Promise<{ progress: OnboardingProgress; isNew: boolean }> {
  const flow = deps.catalogue.onboardingFor(userType)
  if (!flow) throw new AppError('not_found', { detail: 'There is no onboarding for this kind of user.' })
  const owner = ownerOf(deps, caller)
  if (owner === null) throw new AppError('unauthenticated')
  const key = derivedDraftKey(deps, flow, owner)
  const trace = traceOf(deps, caller, context)
  for (let tries = 0; tries < maxTries; tries++) {
    const nowMs = deps.clock.nowMs()
    const record = await deps.states.read(key, nowMs)
    const open = record && openRecord(deps, record, nowMs)
    if (open && isResumable(open, nowMs)) return { progress: await progressOf(deps, open), isNew: false }
    // What was left too long ago, and can be read no more, makes room for the new one.
    if (record?.status === 'active') await deps.states.expire(key, trace, nowMs)
    const userId = caller.kind === 'user' ? caller.subject : undefined
    const submissionId = createId('sub', { partition: partitionOfId(key.id), keyTag: 0, traits: 0 })
    const place = { key, flow, owner, userId, submissionId, lifetimeMs: flow.lifetime * SECOND_MS }
    const created = await createDraftAt(deps, trace, place, (draft) => ({ draft, step: 1 }))
    if (created) return { progress: await progressOf(deps, created), isNew: true }
  }
  throw new AppError('service_degraded', { retryAfterMs: SECOND_MS })
}

/** The caller's onboarding, the one it worked on last if there are several. Throws `not_found`. */
export async function readOnboarding(deps: FlowDeps, caller: Caller): Promise<OnboardingProgress> {
  const owner = ownerOf(deps, caller)
  if (owner === null) throw new AppError('not_found')
  const nowMs = deps.clock.nowMs()
  const flows = deps.catalogue.list('onboarding')
  const records = await Promise.all(flows.map((flow) => deps.states.read(derivedDraftKey(deps, flow, owner), nowMs)))
  const [latest] = records.flatMap((record) => record ?? []).toSorted((a, b) => b.updatedAtMs - a.updatedAtMs)
  if (!latest) throw new AppError('not_found')
  return viewOfRecord(deps, latest)
}

/** The onboarding of this session. Throws `not_found`. */
export async function readOnboardingSession(deps: FlowDeps, caller: Caller, sessionId: string): Promise<OnboardingProgress> {
  const record = await deps.states.read(onboardingKey(sessionId), deps.clock.nowMs())
  if (!record) throw new AppError('not_found')
  requireOwner(deps, caller, record)
  return viewOfRecord(deps, record)
}

async function viewOfRecord(deps: FlowDeps, record: StateRecord): Promise<OnboardingProgress> {
  const open = openRecord(deps, record, deps.clock.nowMs())
  if (open) return progressOf(deps, open)
  const flow = record.status === 'consumed' ? deps.catalogue.newest('onboarding', record.facts['definition'] ?? '') : null
  if (!flow) throw new AppError('not_found')
  return completedView(flow, record)
}

/**
 * Saves a step; `completed: true` needs it to be valid and, in a linear flow, the earlier ones to be completed; `false` opens it again. Throws
 * `step_invalid`, `step_not_open`, `flow_expired` after the resume window, `flow_completed`, `version_conflict`.
 */
export async function saveOnboardingStep(
  deps: FlowDeps,
  caller: Caller,
  sessionId: string,
  step: number,
  request: SaveOnboardingStepRequest,
  context: RequestContext,
): Promise<OnboardingProgress> {
  const key = onboardingKey(sessionId)
  const patches: Patches = { steps: { [step]: request.data }, pointer: () => '/data' }
  const changed = await changeDraft(deps, traceOf(deps, caller, context), key, (open) => {
    requireOwner(deps, caller, open.record)
    if (!isResumable(open, deps.clock.nowMs())) throw new AppError('flow_expired')
    if (step > open.flow.steps.length) throw new AppError('not_found', { detail: 'There is no such step.' })
    return requireVersion(open, request.version, patches) ? saveStep(open, step, patches, request.completed) : null
  })
  if (changed) return progressOf(deps, changed)
  const record = await deps.states.read(key, deps.clock.nowMs())
  if (!record) throw new AppError('not_found')
  requireOwner(deps, caller, record)
  throw new AppError(record.status === 'consumed' ? 'flow_completed' : 'not_found')
}

function saveStep({ flow, draft }: OpenDraft, step: number, patches: Patches, completed: boolean | undefined): Change {
  const saved = applyPatches(flow, draft, patches)
  if (completed === undefined) return { draft: saved, step }
  const others = saved.marked.filter((number) => number !== step)
  if (!completed) return { draft: { ...saved, marked: others }, step }
  if (flow.order === 'linear') requireEarlier(flow, others, step)
  const { faults } = checkStep(flow, saved.steps, step)
  if (faults.length > 0) {
    throw new AppError('step_invalid', { steps: [step], faults: faults.map((fault) => ({ ...fault, pointer: `/data${fault.pointer}` })) })
  }
  const marked = [...others, step].toSorted((a, b) => a - b)
  return { draft: { ...saved, marked }, step: firstOpenStep(flow, marked) ?? flow.steps.length }
}

function requireEarlier(flow: Flow, marked: readonly number[], step: number): void {
  const missing = stepNumbers(flow).find((number) => number < step && !marked.includes(number))
  if (missing !== undefined) throw new AppError('step_not_open', { detail: `Step ${missing} comes first.`, steps: [missing] })
}

/** A step is completed when it was marked so and still is valid, whatever the flow has become since. */
function completedSteps({ flow, draft }: OpenDraft): number[] {
  const valid = validSteps(flow, draft.steps)
  return draft.marked.filter((step) => valid.includes(step))
}

async function progressOf(deps: FlowDeps, open: OpenDraft): Promise<OnboardingProgress> {
  const { record, flow, draft, step } = open
  const completed = completedSteps(open)
  const times = await readStepTimes(deps, flow)
  return {
    sessionId: record.id,
    userType: flow.audience,
    currentStep: open.hasMoved ? (firstOpenStep(flow, completed) ?? flow.steps.length) : step,
    totalSteps: flow.steps.length,
    completedSteps: completed,
    progressPercentage: Math.round((completed.length / flow.steps.length) * 100),
    canResume: isResumable(open, deps.clock.nowMs()),
    lastActivity: time(record.updatedAtMs),
    isComplete: false,
    estimatedTimeRemaining: timeLeft(flow, completed, times),
    version: record.version,
    expiresAt: time(record.expiresAtMs),
    savedData: plain(draft.steps),
    ...unplacedOf(open),
  }
}

function timeLeft(flow: Flow, completed: readonly number[], times: StepTimes): number {
  const open = stepNumbers(flow).filter((step) => !completed.includes(step))
  return Math.round(open.reduce((sum, step) => sum + times.secondsOf(stepOf(flow, step)), 0))
}

/** What is left to tell of one that was completed. */
function completedView(flow: Flow, record: StateRecord): OnboardingProgress {
  return {
    sessionId: record.id,
    userType: flow.audience,
    currentStep: flow.steps.length,
    totalSteps: flow.steps.length,
    completedSteps: stepNumbers(flow),
    progressPercentage: 100,
    canResume: false,
    lastActivity: time(record.updatedAtMs),
    isComplete: true,
    estimatedTimeRemaining: 0,
    version: record.version,
    expiresAt: time(record.expiresAtMs),
    savedData: {},
  }
}

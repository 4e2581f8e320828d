// Wizards: any number for each user, walked forward and back; a step may be left forward only once it is valid, unless the order is free.
import { randomInt } from 'node:crypto'
import type { NavigateWizardRequest, SaveWizardRequest, StartWizardRequest, Wizard, WizardMove } from '../../contracts/flow.ts'
import { AppError } from '../../errors.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { createId, partitionOfId } from '../../lib/ids.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { StateKey } from '../state-ports.ts'
import { traceOf } from '../verification/access.ts'
import { countOf } from './counters.ts'
import type { FlowDeps } from './deps.ts'
import { changeDraft, createDraftAt, openDraft, type OpenDraft } from './drafts.ts'
import { checkStep, faultsOfAll, isStepValid, requireAudience, stepNumbers, validSteps } from './flow.ts'
import { idPrefix, ownerOf, requireOwner } from './owner.ts'
import { applyPatches, byStep, requireVersion, type Patches } from './save.ts'
import { plain, time, unplacedOf } from './view.ts'

export function wizardKey(id: string): StateKey {
  return { kind: 'wizard', id }
}

/** Begins a wizard of this type. Throws `not_found`, `unauthenticated`, `forbidden`, `invalid_request`, `too_large`. */
export async function startWizard(deps: FlowDeps, caller: Caller, request: StartWizardRequest, context: RequestContext): Promise<Wizard> {
  const flow = deps.catalogue.newest('wizard', request.wizardType)
  if (!flow) throw new AppError('not_found', { detail: 'There is no such wizard.' })
  requireAudience(flow, caller)
  const owner = ownerOf(deps, caller)
  if (owner === null) throw new AppError('unauthenticated')
  const header = { partition: randomInt(deps.policy.partitions), keyTag: 0, traits: 0 }
  const key = wizardKey(createId(idPrefix.wizard, header))
  const submissionId = createId('sub', { partition: partitionOfId(key.id), keyTag: 0, traits: 0 })
  const userId = caller.kind === 'user' ? caller.subject : undefined
  const place = { key, flow, owner, userId, submissionId, lifetimeMs: flow.lifetime * SECOND_MS }
  const initial = byStep(request.initialData ?? {}, 1, '/initialData')
  const created = await createDraftAt(deps, traceOf(deps, caller, context), place, (empty) => ({
    draft: applyPatches(flow, empty, initial),
    step: 1,
  }))
  if (!created) throw new TypeError('a new id was taken')
  return viewOf(created)
}

/** Throws `not_found`, also for one that was completed or is another's. */
export async function readWizard(deps: FlowDeps, caller: Caller, id: string): Promise<Wizard> {
  return viewOf(await requireWizard(deps, caller, id))
}

/** Saves steps' data; what is not valid yet is kept and named. Throws `version_conflict`, `invalid_request`, `not_found`, `too_large`. */
export async function saveWizard(
  deps: FlowDeps,
  caller: Caller,
  id: string,
  request: SaveWizardRequest,
  context: RequestContext,
): Promise<Wizard> {
  const open = await changeWizard(deps, caller, id, context, (open) => {
    const patches: Patches = byStep(request.stepData, open.step, '/stepData')
    return requireVersion(open, request.version, patches) ? { draft: applyPatches(open.flow, open.draft, patches), step: open.step } : null
  })
  return viewOf(open)
}

/** Goes a step on, back, or to a number. What the order does not allow yet is no error: the answer says why not. */
export async function navigateWizard(
  deps: FlowDeps,
  caller: Caller,
  id: string,
  request: NavigateWizardRequest,
  context: RequestContext,
): Promise<WizardMove> {
  const direction = typeof request === 'number' ? request : request.direction
  let refusal: string | null = null
  const open = await changeWizard(deps, caller, id, context, (open) => {
    const target = targetOf(open.step, direction)
    refusal = typeof direction === 'number' ? refusalOfStep(open, target) : refusalOf(open, target)
    return refusal === null && target !== open.step ? { draft: open.draft, step: target } : null
  })
  return moveOf(open, refusal)
}

function targetOf(step: number, direction: 'next' | 'previous' | number): number {
  if (typeof direction === 'number') return direction
  return direction === 'next' ? step + 1 : step - 1
}

/** Why a step that was asked for by its number cannot be gone to. */
function refusalOfStep(open: OpenDraft, target: number): string | null {
  return target < 1 || target > open.flow.steps.length ? `There is no step ${target}.` : refusalOf(open, target)
}

/** Why it cannot be gone to a step that is a step on, a step back, or there. */
function refusalOf({ flow, draft, step }: OpenDraft, target: number): string | null {
  if (target < 1) return 'This is the first step.'
  if (target > flow.steps.length) return 'This is the last step.'
  if (flow.order === 'free' || target <= step) return null
  const open = stepNumbers(flow).find((number) => number < target && !isStepValid(flow, draft.steps, number))
  return open === undefined ? null : `Step ${open} is not valid yet.`
}

/** Throws the wizard away. Throws `not_found`. */
export async function discardWizard(deps: FlowDeps, caller: Caller, id: string, context: RequestContext): Promise<void> {
  const { record, flow } = await requireWizard(deps, caller, id)
  await deps.states.remove(record, traceOf(deps, caller, context), deps.clock.nowMs(), [countOf(flow, 'discarded')])
}

async function requireWizard(deps: FlowDeps, caller: Caller, id: string): Promise<OpenDraft> {
  const open = await openDraft(deps, wizardKey(id))
  if (!open) throw new AppError('not_found')
  requireOwner(deps, caller, open.record)
  return open
}

async function changeWizard(
  deps: FlowDeps,
  caller: Caller,
  id: string,
  context: RequestContext,
  work: Parameters<typeof changeDraft>[3],
): Promise<OpenDraft> {
  const open = await changeDraft(deps, traceOf(deps, caller, context), wizardKey(id), (open) => {
    requireOwner(deps, caller, open.record)
    return work(open)
  })
  if (!open) throw new AppError('not_found')
  return open
}

function viewOf(open: OpenDraft): Wizard {
  const { record, flow, draft, step } = open
  const { faults, unknown } = checkStep(flow, draft.steps, step)
  const isLast = step === flow.steps.length
  const isValid = faults.length === 0 && unknown.length === 0
  return {
    id: record.id,
    wizardType: flow.id,
    currentStep: step,
    totalSteps: flow.steps.length,
    completedSteps: validSteps(flow, draft.steps),
    isValid,
    canProceed: isLast ? faultsOfAll(flow, draft.steps).length === 0 : isValid || flow.order === 'free',
    validationErrors: [...faults, ...unknown].map(({ pointer, message }) => ({ pointer, message })),
    nextStep: isLast ? null : step + 1,
    stepData: plain(draft.steps),
    version: record.version,
    lastUpdated: time(record.updatedAtMs),
    expiresAt: time(record.expiresAtMs),
    ...unplacedOf(open),
  }
}

function moveOf(open: OpenDraft, refusal: string | null): WizardMove {
  const { flow, draft, step } = open
  return {
    success: refusal === null,
    currentStep: step,
    stepData: plain(draft.steps),
    isLastStep: step === flow.steps.length,
    canGoBack: step > 1,
    canGoForward: refusalOf(open, step + 1) === null,
    ...(refusal === null ? {} : { reason: refusal }),
  }
}

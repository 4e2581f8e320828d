// A definition that can be used, and what is asked of one: which steps there are, which are valid, who may use it.
import type { FlowDefinition, FlowStep } from '../../contracts/flow-definition.ts'
import { AppError, type FieldFault } from '../../errors.ts'
import { isPrivileged, type Caller } from '../caller.ts'
import type { JsonObject } from '../merge-patch.ts'
import type { StepCheck, StepFaults } from './step-check.ts'

/** `checks` has one for each step, in their order. */
export type Flow = Omit<FlowDefinition, '$schema'> & { checks: readonly StepCheck[] }

/** Data of steps by step number, counted from 1: `{ "1": {} }`. */
export type StepData = Readonly<Record<string, JsonObject>>

/** The step of this number. Throws a RangeError for one that the caller should have refused. */
export function stepOf(flow: Flow, step: number): FlowStep {
  const found = flow.steps[step - 1]
  if (!found) throw new RangeError(`${flow.id} has no step ${step}`)
  return found
}

/** What is wrong with a step as it is saved; a step that was never saved is checked as an empty one. */
export function checkStep(flow: Flow, steps: StepData, step: number): StepFaults {
  return flow.checks[step - 1]?.check(steps[step] ?? {}) ?? { faults: [], unknown: [] }
}

export function isStepValid(flow: Flow, steps: StepData, step: number): boolean {
  const { faults, unknown } = checkStep(flow, steps, step)
  return faults.length === 0 && unknown.length === 0
}

/** The steps that were saved and are valid, in their order. */
export function validSteps(flow: Flow, steps: StepData): number[] {
  return stepNumbers(flow).filter((step) => steps[step] !== undefined && isStepValid(flow, steps, step))
}

export function stepNumbers(flow: Flow): number[] {
  return flow.steps.map((_, at) => at + 1)
}

/** The first step that is not among these; null when all are. */
export function firstOpenStep(flow: Flow, completed: readonly number[]): number | null {
  return stepNumbers(flow).find((step) => !completed.includes(step)) ?? null
}

/** Every fault of every step, with the step's number before the pointer: what stands between a draft and its completion. */
export function faultsOfAll(flow: Flow, steps: StepData): { step: number; faults: FieldFault[] }[] {
  return stepNumbers(flow).flatMap((step) => {
    const { faults, unknown } = checkStep(flow, steps, step)
    const all = [...faults, ...unknown].map(({ pointer, message }) => ({ pointer: `/${step}${pointer}`, message }))
    return all.length === 0 ? [] : [{ step, faults: all }]
  })
}

/** Throws `unauthenticated` or `forbidden` when this flow is not for the caller. */
export function requireAudience(flow: Flow, caller: Caller): void {
  if (flow.kind === 'onboarding' || flow.audience === 'anyone' || isPrivileged(caller)) return
  if (caller.kind !== 'user') throw new AppError('unauthenticated')
  if (flow.audience !== 'user' && !caller.roles.includes(flow.audience)) throw new AppError('forbidden')
}

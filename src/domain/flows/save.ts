// Putting steps into a draft: merged per step and field, with a version that tells another tab's change, and nothing that no schema knows.
import { isDeepStrictEqual } from 'node:util'
import { AppError, type FieldFault } from '../../errors.ts'
import { isJsonObject, mergePatch, type JsonObject } from '../merge-patch.ts'
import type { Draft } from './draft.ts'
import type { OpenDraft } from './drafts.ts'
import { checkStep, type Flow, type StepData } from './flow.ts'

/** What is to be saved: an object for each step, by number. `pointer` says where in the request a step's object stands. */
export type Patches = { steps: StepData; pointer: (step: string) => string }

/**
 * The draft with the patches merged in (RFC 7396: null takes a field away). Throws `invalid_request` for steps and fields that the flow does not have,
 * whatever else is wrong with them may be saved and put right later.
 */
export function applyPatches(flow: Flow, draft: Draft, { steps, pointer }: Patches): Draft {
  const unknownStep = Object.keys(steps).find((step) => flow.checks[Number(step) - 1] === undefined)
  if (unknownStep !== undefined) throw refused([{ pointer: pointer(unknownStep), message: `there are steps 1 to ${flow.steps.length}` }])
  const merged = { ...draft.steps }
  for (const [step, patch] of Object.entries(steps)) merged[step] = mergePatch(merged[step] ?? {}, patch)
  const faults = Object.keys(steps).flatMap((step) =>
    checkStep(flow, merged, Number(step)).unknown.map((fault) => ({ ...fault, pointer: `${pointer(step)}${fault.pointer}` })),
  )
  if (faults.length > 0) throw refused(faults)
  return { ...draft, steps: merged }
}

/**
 * Throws `version_conflict`, with what was sent and what is there, when the draft has another version than the client saw. False when what was sent is
 * there already, as after a lost answer: nothing is left to do then.
 */
export function requireVersion({ record, draft }: OpenDraft, seen: number | undefined, { steps }: Patches): boolean {
  if (seen === undefined || seen === record.version) return true
  const isThere = Object.entries(steps).every(([step, patch]) =>
    isDeepStrictEqual(mergePatch(draft.steps[step] ?? {}, patch), draft.steps[step]),
  )
  if (isThere && seen < record.version) return false
  const theirs = Object.fromEntries(Object.keys(steps).map((step) => [step, sameFields(draft.steps[step] ?? {}, steps[step] ?? {})]))
  throw new AppError('version_conflict', {
    detail: `The draft has version ${record.version} now. Nothing was saved.`,
    conflict: { version: record.version, yours: steps, theirs },
  })
}

/**
 * Steps' data as requests hold it, `{ "1": {} }`. An object whose members are no step numbers is the one step's own. Throws `invalid_request` for a
 * step that is no object.
 */
export function byStep(data: JsonObject, step: number, pointer: string): Patches {
  const names = Object.keys(data)
  const isNumbered = names.length > 0 && names.every((name) => /^[1-9]\d{0,3}$/.test(name))
  if (!isNumbered) return { steps: names.length === 0 ? {} : { [step]: data }, pointer: () => pointer }
  const steps = Object.entries(data).map(([name, value]): [string, JsonObject] => {
    if (!isJsonObject(value)) throw refused([{ pointer: `${pointer}/${name}`, message: 'must be an object' }])
    return [name, value]
  })
  return { steps: Object.fromEntries(steps), pointer: (name) => `${pointer}/${name}` }
}

/** Of theirs only what yours names: a conflict is shown field by field. */
function sameFields(theirs: JsonObject, yours: JsonObject): JsonObject {
  return Object.fromEntries(Object.keys(yours).map((name) => [name, theirs[name] ?? null]))
}

function refused(faults: readonly FieldFault[]): AppError {
  return new AppError('invalid_request', { faults })
}

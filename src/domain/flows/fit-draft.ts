// Brings a draft into the shape of the definition that serves it now. Pure; nothing that was typed in is ever thrown away.
import type { MigrationRule } from '../../contracts/flow-definition.ts'
import type { JsonObject } from '../merge-patch.ts'
import type { Draft } from './draft.ts'
import type { Flow, StepData } from './flow.ts'

/**
 * The draft as this version of the flow has it: migrated by the flow's own rules for the version it was begun with, if it has any; whatever it has no
 * place for goes to `unplaced`.
 */
export function fitDraft(flow: Flow, draft: Draft, fromVersion: number): Draft {
  const rules = fromVersion === flow.version ? [] : (flow.migrations[fromVersion] ?? [])
  const books: Books = { steps: copyOf(draft.steps), unplaced: copyOf(draft.unplaced) }
  for (const rule of rules) applyRule(books, rule)
  for (const [step, data] of Object.entries(books.steps)) {
    for (const field of Object.keys(data)) {
      if (!flow.checks[Number(step) - 1]?.fields.has(field)) setAside(books, step, field)
    }
    if (flow.checks[Number(step) - 1] === undefined) delete books.steps[step]
  }
  const marked = fromVersion === flow.version ? draft.marked : draft.marked.filter((step) => step <= flow.steps.length)
  return { ...draft, ...books, marked }
}

type Writable = Record<string, Record<string, unknown>>
type Books = { steps: Writable; unplaced: Writable }

function applyRule(books: Books, rule: MigrationRule): void {
  const { steps } = books
  if ('rename' in rule) {
    const { step, from, to } = rule.rename
    if (steps[step] && from in steps[step]) put(steps, step, to, take(steps, step, from))
  } else if ('move' in rule) {
    const { step, field, toStep } = rule.move
    if (steps[step] && field in steps[step]) put(steps, toStep, field, take(steps, step, field))
  } else if ('default' in rule) {
    const { step, field, value } = rule.default
    if (steps[step] && !(field in steps[step])) put(steps, step, field, value)
  } else if ('drop' in rule) setAside(books, String(rule.drop.step), rule.drop.field)
  else {
    const { from, to } = rule.moveStep
    for (const field of Object.keys(steps[from] ?? {})) put(steps, to, field, take(steps, from, field))
    delete steps[from]
  }
}

function setAside({ steps, unplaced }: Books, step: string, field: string): void {
  if (steps[step] && field in steps[step]) put(unplaced, step, field, take(steps, step, field))
}

function put(steps: Writable, step: number | string, field: string, value: unknown): void {
  steps[step] = { ...steps[step], [field]: value }
}

function take(steps: Writable, step: number | string, field: string): unknown {
  const { [field]: value, ...rest } = steps[step] ?? {}
  steps[step] = rest
  return value
}

function copyOf(steps: StepData): Writable {
  return Object.fromEntries(Object.entries(steps).map(([step, data]: [string, JsonObject]) => [step, { ...data }]))
}

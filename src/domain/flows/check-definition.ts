// Checks one file of definitions/ before anything is served by it: its shape, its steps' schemas, its migrations. Every fault has its line.
import { flowDefinition, type FlowDefinition, type MigrationRule } from '../../contracts/flow-definition.ts'
import type { DefinitionFile } from '../flow-ports.ts'
import type { Flow } from './flow.ts'
import { compileStep, schemaFaults, type StepCheck } from './step-check.ts'

export type DefinitionFault = { line: number; message: string }
type Report = (path: readonly PropertyKey[], message: string) => void

/** The flow, or what is wrong with it; never both. */
export function checkDefinition(file: DefinitionFile): { flow?: Flow; faults: readonly DefinitionFault[] } {
  if ('fault' in file) return { faults: [file.fault] }
  const faults: DefinitionFault[] = []
  const report: Report = (path, message) =>
    faults.push({ line: file.lineOf(path), message: `${path.join('.') || 'the definition'} ${message}` })
  const parsed = flowDefinition.safeParse(file.value)
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      if (issue.code === 'unrecognized_keys') issue.keys.forEach((key) => report([...issue.path, key], 'is not a known field'))
      else report(issue.path, `is not right: ${issue.message}`)
    }
    return { faults }
  }
  const definition = parsed.data
  checkNames(file.file, definition, report)
  definition.steps.forEach((step, at) => checkStepShape(step.schema, ['steps', at, 'schema'], report))
  checkMigrations(definition, report)
  const checks = compileSteps(definition, report)
  return faults.length > 0 ? { faults } : { flow: { ...definition, checks }, faults }
}

function checkNames(
  file: string,
  { id, version, kind, audience, steps, lifetime, longestLifetime = lifetime }: FlowDefinition,
  report: Report,
): void {
  if (!file.endsWith(`/${id}.v${version}.json`)) report(['id'], `and version must give the file its name: ${id}.v${version}.json`)
  if (kind === 'onboarding' && audience !== 'user' && audience !== 'expert') report(['audience'], 'of an onboarding is user or expert')
  if (longestLifetime < lifetime) report(['longestLifetime'], 'is shorter than the lifetime')
  const seen = new Set<string>()
  steps.forEach((step, at) => {
    if (seen.has(step.id)) report(['steps', at, 'id'], `"${step.id}" is another step's`)
    seen.add(step.id)
  })
}

/** A step's data is an object whose fields are all known, so that what nobody asked for is refused instead of stored. */
function checkStepShape(schema: FlowDefinition['steps'][number]['schema'], path: readonly PropertyKey[], report: Report): void {
  if (schema['type'] !== 'object') report([...path, 'type'], 'must be "object"')
  if (typeof schema['properties'] !== 'object' || schema['properties'] === null) report([...path, 'properties'], 'must be given')
  if (schema['additionalProperties'] !== false) report([...path, 'additionalProperties'], 'must be false')
}

function checkMigrations({ version, steps, migrations }: FlowDefinition, report: Report): void {
  for (const [from, rules] of Object.entries(migrations)) {
    if (Number(from) >= version) report(['migrations', from], `must be older than version ${version}`)
    rules.forEach((rule, at) => {
      if (targetOf(rule) > steps.length)
        report(['migrations', from, at], `leads to step ${targetOf(rule)}, which this version does not have`)
    })
  }
}

/** The step in which a rule leaves something; 0 for a rule that only takes away. */
function targetOf(rule: MigrationRule): number {
  if ('rename' in rule) return rule.rename.step
  if ('move' in rule) return rule.move.toStep
  if ('default' in rule) return rule.default.step
  return 'moveStep' in rule ? rule.moveStep.to : 0
}

function compileSteps({ steps }: FlowDefinition, report: Report): StepCheck[] {
  return steps.flatMap(({ schema }, at) => {
    const path = ['steps', at, 'schema']
    const faults = schemaFaults(schema)
    for (const fault of faults) report([...path, ...fault.path], fault.message)
    if (faults.length > 0) return []
    try {
      return [compileStep(schema)]
    } catch (error) {
      const message = error instanceof Error ? error.message : 'does not compile'
      report([...path, ...pathOfFault(schema, message)], `does not compile: ${message}`)
      return []
    }
  })
}

/** The way to what ajv complains of, since it says which keyword, format or pattern it does not take but not where. */
function pathOfFault(schema: unknown, message: string): PropertyKey[] {
  const name = /"([^"]+)"/.exec(message)?.[1]
  return (
    pathTo(schema, (key, value) => (name === undefined ? key === 'pattern' && !isPattern(value) : key === name || value === name)) ?? []
  )
}

function pathTo(schema: unknown, isIt: (key: string, value: unknown) => boolean): PropertyKey[] | null {
  if (typeof schema !== 'object' || schema === null) return null
  for (const [key, value] of Object.entries(schema)) {
    if (isIt(key, value)) return [key]
    const below = pathTo(value, isIt)
    if (below) return [key, ...below]
  }
  return null
}

function isPattern(value: unknown): boolean {
  try {
    return RegExp(String(value), 'u') instanceof RegExp
  } catch {
    return false
  }
}

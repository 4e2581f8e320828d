// The definitions that this process serves, found by kind, id and version. Checking them is check-definition.ts's.
import type { FlowKind } from '../../contracts/flow-definition.ts'
import type { DefinitionFile } from '../flow-ports.ts'
import { checkDefinition, type DefinitionFault } from './check-definition.ts'
import type { Flow } from './flow.ts'

export type Catalogue = {
  /** The newest version, which new drafts get. */
  newest(kind: FlowKind, id: string): Flow | null
  /** The version that a draft was begun with; null when its file is gone. */
  version(kind: string, id: string, version: number): Flow | null
  /** The onboarding of a kind of user. */
  onboardingFor(userType: string): Flow | null
  /** The newest version of every flow of a kind. */
  list(kind: FlowKind): readonly Flow[]
}

/** Every fault of every file at once, a line each, as `file:line: what is wrong`. */
export class DefinitionsError extends Error {
  constructor(faults: readonly string[]) {
    super(`The flow definitions do not allow a start:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.name = 'DefinitionsError'
  }
}

/** Checks and compiles what was read; throws one DefinitionsError that names every fault by file and line. */
export function createCatalogue(files: readonly DefinitionFile[]): Catalogue {
  const checked = files.map((file) => ({ file, ...checkDefinition(file) }))
  const faults = checked.flatMap(({ file, faults }) => faults.map((fault) => describe(file.file, fault)))
  const flows = checked.flatMap(({ flow }) => (flow ? [flow] : []))
  faults.push(...strangers(flows))
  if (faults.length > 0) throw new DefinitionsError(faults)
  const byVersion = new Map(flows.map((flow) => [keyOf(flow.kind, flow.id, flow.version), flow]))
  const newest = [...Map.groupBy(flows, ({ id }) => id).values()].flatMap((versions) =>
    versions.toSorted((a, b) => b.version - a.version).slice(0, 1),
  )
  return {
    newest: (kind, id) => newest.find((flow) => flow.kind === kind && flow.id === id) ?? null,
    version: (kind, id, version) => byVersion.get(keyOf(kind, id, version)) ?? null,
    onboardingFor: (userType) => newest.find((flow) => flow.kind === 'onboarding' && flow.audience === userType) ?? null,
    list: (kind) => newest.filter((flow) => flow.kind === kind),
  }
}

function keyOf(kind: string, id: string, version: number): string {
  return `${kind} ${id} ${version}`
}

function describe(file: string, { line, message }: DefinitionFault): string {
  return `${file}:${line}: ${message}`
}

/** Faults that only show between files: an id is one flow's in all its versions, and each kind of user has one onboarding. */
function strangers(flows: readonly Flow[]): string[] {
  const mixed = [...Map.groupBy(flows, ({ id }) => id)].filter(([, versions]) => new Set(versions.map(({ kind }) => kind)).size > 1)
  const onboardings = [
    ...Map.groupBy(
      flows.filter(({ kind }) => kind === 'onboarding'),
      ({ audience }) => audience,
    ),
  ]
  const doubled = onboardings.filter(([, versions]) => new Set(versions.map(({ id }) => id)).size > 1)
  return [
    ...mixed.map(([id]) => `definitions/${id}.v*.json:1: all versions of "${id}" must be of one kind`),
    ...doubled.map(
      ([audience, [first]]) => `definitions/${first?.id ?? ''}.v*.json:1: there is more than one onboarding for "${audience}"`,
    ),
  ]
}

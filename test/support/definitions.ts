// A flow definition as if it had been read from a file, for tests that need one of their own.
import type { DefinitionFile } from '../../src/domain/flow-ports.ts'
import { readDefinition } from '../../src/providers/flow-definitions.ts'

/** Named as its id and version ask for. */
export function definitionFile(value: { id: string; version: number } & Record<string, unknown>): DefinitionFile {
  return readDefinition(`definitions/${value.id}.v${value.version}.json`, JSON.stringify(value, null, 2))
}

// The flow definitions of this process: reads definitions/, and ends it with every fault in them, by file and line.
import { join } from 'node:path'
import { createCatalogue, DefinitionsError, type Catalogue } from '../domain/flows/catalogue.ts'
import { projectRoot } from '../lib/run-file.ts'
import { readDefinitionFiles } from '../providers/flow-definitions.ts'

/** `folder` is the project's own if left out. */
export function requireCatalogue(folder = join(projectRoot, 'definitions')): Catalogue {
  try {
    return createCatalogue(readDefinitionFiles(folder))
  } catch (error) {
    if (!(error instanceof DefinitionsError)) throw error
    console.error(error.message)
    return process.exit(78)
  }
}

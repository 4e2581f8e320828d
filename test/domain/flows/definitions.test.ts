// Definitions are checked before anything is served by them, and what is wrong is named by file and line.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { createCatalogue, DefinitionsError } from '../../../src/domain/flows/catalogue.ts'
import { projectRoot } from '../../../src/lib/run-file.ts'
import { readDefinition, readDefinitionFiles } from '../../../src/providers/flow-definitions.ts'
import { spawnNode } from '../../support/processes.ts'
import { testEnvironment } from '../../support/infra.ts'

const folder = mkdtempSync(join(tmpdir(), 'definitions-'))
afterAll(() => rmSync(folder, { recursive: true }))

const good = `{
  "id": "x",
  "version": 1,
  "kind": "form",
  "title": "X",
  "audience": "anyone",
  "order": "linear",
  "lifetime": "1h",
  "steps": [
    {
      "id": "one",
      "title": "One",
      "schema": {
        "type": "object",
        "properties": { "age": { "type": "integer" } },
        "additionalProperties": false
      }
    }
  ]
}`

const faultsOf = (text: string, file = 'definitions/x.v1.json'): string[] => {
  try {
    createCatalogue([readDefinition(file, text)])
    return []
  } catch (error) {
    if (!(error instanceof DefinitionsError)) throw error
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.replace('  - ', ''))
  }
}

it('those of the project are right', () => {
  const catalogue = createCatalogue(readDefinitionFiles(join(projectRoot, 'definitions')))
  expect(catalogue.newest('form', 'kyc')?.steps).toHaveLength(5)
  expect(catalogue.onboardingFor('expert')?.steps).toHaveLength(6)
  expect(catalogue.onboardingFor('user')?.steps).toHaveLength(4)
  expect(catalogue.newest('wizard', 'campaign')?.steps).toHaveLength(5)
  expect(faultsOf(good)).toEqual([])
})

it.each([
  ['what is no JSON', good.replace('"title": "X",', '"title": "X"'), 'definitions/x.v1.json:6: is not JSON: CommaExpected'],
  [
    'an unknown field',
    good.replace('"title": "X"', '"titel": "X",\n  "title": "X"'),
    'definitions/x.v1.json:5: titel is not a known field',
  ],
  ['a missing field', good.replace('  "order": "linear",\n', ''), 'definitions/x.v1.json:1: order is not right'],
  ['a wrong word', good.replace('linear', 'zigzag'), 'definitions/x.v1.json:7: order is not right'],
  [
    'an unknown keyword',
    good.replace('"integer"', '"integer", "minimun": 3'),
    'definitions/x.v1.json:15: steps.0.schema.properties.age.minimun does not compile',
  ],
  ['an unknown type', good.replace('"integer"', '"number of years"'), 'definitions/x.v1.json:15: steps.0.schema.properties.age.type'],
  [
    'a pattern that is none',
    good.replace('"integer"', '"string", "pattern": "("'),
    'definitions/x.v1.json:15: steps.0.schema.properties.age.pattern',
  ],
  [
    'fields that nobody asked for',
    good.replace('"additionalProperties": false', '"additionalProperties": true'),
    'definitions/x.v1.json:16: steps.0.schema.additionalProperties must be false',
  ],
  [
    'another name than the file',
    good.replace('"version": 1', '"version": 2'),
    'definitions/x.v1.json:2: id and version must give the file its name',
  ],
  ['a lifetime that is none', good.replace('"1h"', '"soon"'), 'definitions/x.v1.json:8: lifetime is not right'],
  [
    'a migration from the future',
    good.replace('"steps"', '"migrations": { "3": [] },\n  "steps"'),
    'definitions/x.v1.json:9: migrations.3 must be older than version 1',
  ],
] as const)('%s is named by file and line', (_, text, fault) => {
  expect(faultsOf(text).filter((line) => line.startsWith(fault))).toHaveLength(1)
})

it('all faults of all files come at once, and what differs between files is one of them', () => {
  writeFileSync(join(folder, 'a.v1.json'), good.replace('"x"', '"a"').replace('linear', 'zigzag'))
  writeFileSync(join(folder, 'b.v1.json'), '')
  writeFileSync(join(folder, 'c.v1.json'), good.replace('"x"', '"c"'))
  writeFileSync(join(folder, 'c.v2.json'), good.replace('"x"', '"c"').replace('"version": 1', '"version": 2').replace('"form"', '"wizard"'))
  expect(() => createCatalogue(readDefinitionFiles(folder))).toThrow(
    new RegExp(
      `${basename(folder)}/a.v1.json:7: .*\\n.*${basename(folder)}/b.v1.json:1: is not JSON.*\\n.*c.v\\*.json:1: all versions of "c" must be of one kind`,
    ),
  )
})

it('a process does not start with a faulty definition', async () => {
  const file = join(folder, 'start.ts')
  writeFileSync(
    file,
    `import { requireCatalogue } from ${JSON.stringify(join(projectRoot, 'src/bin/flow-catalogue.ts'))}\nrequireCatalogue(${JSON.stringify(folder)})\n`,
  )
  const started = await spawnNode(relative(projectRoot, file), testEnvironment())
  expect(await started.exited).toMatchObject({ code: 78 })
  expect(started.lines.join('\n')).toContain('a.v1.json:7: order is not right')
})

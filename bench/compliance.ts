// Measures what an envelope's end and a check cost: sealing and examining in the sandbox beside a bare child process of the same kind, and the rules by themselves.
// node bench/compliance.ts [pages]
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { evaluateRules } from '../src/domain/compliance/evaluate.ts'
import type { Inspection } from '../src/domain/upload-ports.ts'
import { createDocumentSandbox } from '../src/providers/document-sandbox.ts'
import { createExaminer } from '../src/providers/examiner.ts'
import { createInspector, type InspectionMeasure } from '../src/providers/inspector.ts'
import { createPrinter } from '../src/providers/print/printer.ts'
import { createSealPreparer } from '../src/providers/sealing/preparer.ts'
import { loadSealingKey } from '../src/providers/sealing/sealing-key.ts'
import { createSealingKey } from '../src/standins/dev-sealing-key.ts'
import { envelopeFacts, ruleSet } from '../test/support/compliance.ts'
import { textPdf } from '../test/support/pdf-files.ts'

const pages = Number(process.argv[2] ?? 50)
const rounds = 5
const never = new AbortController().signal
const measures: InspectionMeasure[] = []
const inspector = createInspector({ observe: (measure) => void measures.push(measure) })
const sandbox = createDocumentSandbox(inspector)
const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
const path = join(folder, 'bench.pdf')
writeFileSync(
  path,
  textPdf(Array.from({ length: pages }, (_, index) => `Page ${index + 1}\n${'The quick brown fox jumps over the lazy dog.\n'.repeat(40)}`)),
)

const { key, fault } = loadSealingKey(createSealingKey(Date.now()), '', Date.now())
if (fault !== null) throw new Error(fault)
const certificate = await createPrinter().print({
  title: 'Certificate',
  language: 'en',
  atMs: Date.now(),
  footer: 'bench',
  blocks: [{ kind: 'paragraph', text: 'What happened.' }],
})

try {
  console.log(`a document of ${pages} pages, median of ${rounds}`)
  const bare = await timed('a child process that only reads the signatures (none)', () => sandbox.signatures(path, Date.now(), never))
  const request = { certificate, name: 'Bench', reason: 'bench', atMs: Date.now() }
  const prepared = await timed(
    'sealing: the increment, in a child process',
    () => createSealPreparer(inspector).prepare(path, request, never),
    bare,
  )
  await timed(
    'sealing: hash and CMS, in the worker',
    async () => key.sign(createHash('sha256').update(readFileSync(path)).digest(), Date.now()),
    bare,
  )
  const examined = await timed(
    'check: the examination, in a child process that draws every page',
    () => createExaminer(inspector).examine(path, { trustedCertificates: [], nowMs: Date.now() }, never),
    bare,
  )
  const facts = envelopeFacts()
  const startedAt = performance.now()
  const runs = 1_000
  for (let run = 0; run < runs; run++) evaluateRules(facts, ruleSet)
  const perRun = (performance.now() - startedAt) / runs
  console.log(
    `check: the 41 rules over facts that are there: ${perRun.toFixed(3)} ms, ${(perRun / examined).toFixed(5)} of the examination`,
  )
  console.log(
    `largest child: ${Math.round(Math.max(...measures.map(({ peakBytes }) => peakBytes)) / 1_048_576)} MiB; increment prepared in ${Math.round(prepared)} ms`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function timed(name: string, work: () => Promise<Inspection<unknown> | Buffer>, against?: number): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now()
    const outcome = await work()
    if ('kind' in outcome && outcome.kind !== 'ok') throw new Error(`${name}: ${JSON.stringify(outcome).slice(0, 200)}`)
    times.push(performance.now() - startedAt)
  }
  const median = times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0
  console.log(`${name}: ${median.toFixed(1)} ms${against === undefined ? '' : `, ${(median / against).toFixed(2)} of the bare child`}`)
  return median
}

// Measures the processing of documents: pages a second and memory of text and thumbnails in the sandbox, beside PDFium alone in one process that trusts its
// input; and, where CORPUS_DIR is set, the longest time and the largest memory over files that mean harm.
// node bench/documents.ts [pages]
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import type { Inspection } from '../src/domain/upload-ports.ts'
import { createDocumentSandbox } from '../src/providers/document-sandbox.ts'
import { createInspector, type InspectionMeasure } from '../src/providers/inspector.ts'
import { textPdf } from '../test/support/pdf-files.ts'

const pages = Number(process.argv[2] ?? 200)
const batch = 25
const megabytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`
const never = new AbortController().signal

const measures: InspectionMeasure[] = []
const sandbox = createDocumentSandbox(createInspector({ observe: (measure) => void measures.push(measure) }))
const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
const path = join(folder, 'bench.pdf')
const lines = (page: number): string =>
  Array.from({ length: 45 }, (_, line) => `Page ${page}, line ${line}: the quick brown fox jumps over the lazy dog again and again`).join(
    '\n',
  )
writeFileSync(path, textPdf(Array.from({ length: pages }, (_, index) => lines(index + 1))))

try {
  console.log(`a document of ${pages} pages`)
  await timed('sandbox: preflight', async () => requireOk(await sandbox.preflight(path, never)))
  await timed('sandbox: text', async () => requireOk(await sandbox.text(path, never)))
  await timed(`sandbox: thumbnails (a process for ${batch} pages)`, async () => {
    for (let from = 1; from <= pages; from += batch)
      requireOk(await sandbox.thumbnails(path, from, Math.min(pages, from + batch - 1), never))
  })
  bare('PDFium alone: text', 'page.getText(); page["module"]._FPDF_ClosePage(page["pageIdx"])')
  bare('PDFium alone: thumbnails (bitmaps, no WebP)', 'await page.render({ width: 400, height: 566, scale: 1, render: "bitmap" })')
  bare(
    'PDFium and sharp alone: thumbnails',
    'const r = await page.render({ width: 400, height: 566, scale: 1, render: "bitmap" }); await sharp(r.data, { raw: { width: 400, height: 566, channels: 4 } }).removeAlpha().webp({ quality: 70, effort: 2 }).toBuffer()',
  )
  if (process.env['CORPUS_DIR'] !== undefined) await corpus(join(process.env['CORPUS_DIR'], 'malformed'))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function timed(name: string, work: () => Promise<void>): Promise<void> {
  measures.length = 0
  const startedAt = performance.now()
  await work()
  report(name, performance.now() - startedAt, Math.max(...measures.map(({ peakBytes }) => peakBytes)))
}

function report(name: string, wallMs: number, peakBytes: number): void {
  console.log(
    `${name.padEnd(52)} ${String(Math.round((pages / wallMs) * 1_000)).padStart(6)} pages/s  ${megabytes(peakBytes).padStart(8)}  ${Math.round(wallMs)} ms`,
  )
}

function requireOk(inspection: Inspection<unknown>): void {
  if (inspection.kind !== 'ok') throw new Error(`the sandbox said ${JSON.stringify(inspection).slice(0, 200)}`)
}

/** The same work in one process without limits, start and loading included, as the sandbox's figures are. */
function bare(name: string, work: string): void {
  const program = `
    import { PDFiumLibrary } from '@hyzyla/pdfium'
    import sharp from 'sharp'
    import { readFileSync } from 'node:fs'
    sharp.concurrency(1)
    const library = await PDFiumLibrary.init()
    const document = await library.loadDocument(readFileSync(${JSON.stringify(path)}))
    for (const page of document.pages()) { ${work} }
    console.log(process.resourceUsage().maxRSS)`
  const startedAt = performance.now()
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: join(import.meta.dirname, '..'),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${name} failed`)
  report(name, performance.now() - startedAt, Number(stdout) * 1_024)
}

/** Every stage over every file, one after the other, as a document's jobs do. */
async function corpus(from: string): Promise<void> {
  const outcomes = new Map<string, number>()
  let slowest = { name: '', task: '', wallMs: 0 }
  let largest = { name: '', task: '', peakBytes: 0 }
  const names = readdirSync(from)
  for (const name of names) {
    measures.length = 0
    const file = join(from, name)
    if ((await sandbox.preflight(file, never)).kind === 'ok') {
      await Promise.all([sandbox.text(file, never), sandbox.thumbnails(file, 1, batch, never)])
      await sandbox.signatures(file, Date.now(), never)
    }
    for (const { task, outcome, wallMs, peakBytes } of measures) {
      outcomes.set(`${task} ${outcome}`, (outcomes.get(`${task} ${outcome}`) ?? 0) + 1)
      if (wallMs > slowest.wallMs) slowest = { name, task, wallMs }
      if (peakBytes > largest.peakBytes) largest = { name, task, peakBytes }
    }
  }
  console.log(
    `\n${names.length} malformed files: ${[...outcomes]
      .map(([outcome, count]) => `${outcome} ${count}`)
      .sort()
      .join(', ')}`,
  )
  console.log(
    `slowest process ${Math.round(slowest.wallMs)} ms (${slowest.task} of ${slowest.name}), largest ${megabytes(largest.peakBytes)} (${largest.task} of ${largest.name})`,
  )
}

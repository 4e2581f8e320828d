// The tasks of documents in real child processes: what they answer for honest files, and that hostile ones end within their limits.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createDocumentSandbox } from '../../src/providers/document-sandbox.ts'
import { createInspector, type InspectionMeasure } from '../../src/providers/inspector.ts'
import { bombPdf, cyclicPdf, hugeImagePdf, manyFiltersPdf, nestedPdf, pdfOf, textPdf } from '../support/pdf-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-tasks-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const measures: InspectionMeasure[] = []
const sandbox = createDocumentSandbox(createInspector({ observe: (measure) => void measures.push(measure) }))
const never = new AbortController().signal
let count = 0
const fileOf = (bytes: Buffer): string => {
  const path = join(folder, `${count++}.pdf`)
  writeFileSync(path, bytes)
  return path
}

describe('the preflight', () => {
  it('counts what it lets through', async () => {
    expect(await sandbox.preflight(fileOf(textPdf(['one', 'two'])), never)).toMatchObject({
      kind: 'ok',
      value: { pages: 2, objects: 7, revisions: 1, isEncrypted: false, images: 0, leniencies: [] },
    })
  })

  it.each([
    ['a bomb', bombPdf(), 'inflates_too_much'],
    ['a picture without end', hugeImagePdf(), 'too_many_pixels'],
    ['many filters', manyFiltersPdf(), 'too_many_filters'],
    ['deep nesting', nestedPdf(), 'too_complex'],
    ['2,001 pages', textPdf(Array.from({ length: 2_001 }, () => 'x')), 'too_many_pages'],
    ['no PDF', Buffer.from('no PDF at all'), 'not_a_pdf'],
    ['a header and nothing else', Buffer.from('%PDF-1.7\n%%EOF\n'), 'damaged'],
  ])('refuses %s', async (_name, bytes, reason) => {
    measures.length = 0
    expect(await sandbox.preflight(fileOf(bytes), never)).toEqual({ kind: 'rejected', reason })
    expect(measures[0]?.wallMs).toBeLessThan(10_000)
    expect(measures[0]?.peakBytes).toBeLessThan(512 * 1_048_576)
  })

  it('goes once round a page tree that is a circle', async () => {
    expect(await sandbox.preflight(fileOf(cyclicPdf()), never)).toMatchObject({ kind: 'ok', value: { pages: 0 } })
  })
})

describe('text and thumbnails', () => {
  it('come page by page', async () => {
    const path = fileOf(textPdf(['Hello (1)', 'Good\nbye']))
    expect(await sandbox.text(path, never)).toMatchObject({
      kind: 'ok',
      value: {
        pageCount: 2,
        pages: [
          { page: 1, text: 'Hello (1)', characters: 9 },
          { page: 2, text: 'Good\nbye' },
        ],
      },
    })
    const drawn = await sandbox.thumbnails(path, 2, 2, never)
    expect(drawn).toMatchObject({ kind: 'ok', value: { images: [{ page: 2 }], failedPages: [], next: 3 } })
    const images = drawn.kind === 'ok' ? drawn.value.images : []
    expect(Buffer.from(images[0]?.webp ?? '', 'base64').toString('latin1', 8, 12)).toBe('WEBP')
  })

  it('are as wide as was asked for', async () => {
    const path = fileOf(textPdf(['wide']))
    for (const [asked, width, height] of [
      [undefined, 400, 566],
      [1_200, 1_200, 1_698],
    ] as const) {
      const drawn = await sandbox.thumbnails(path, 1, 1, never, asked)
      const webp = Buffer.from((drawn.kind === 'ok' && drawn.value.images[0]?.webp) || '', 'base64')
      // A lossy WebP says its size in the first frame header (RFC 6386, 9.1).
      expect([webp.readUInt16LE(26) & 0x3fff, webp.readUInt16LE(28) & 0x3fff]).toEqual([width, height])
    }
  })

  it('of what PDFium does not open are refused in good order', async () => {
    const path = fileOf(Buffer.from('no PDF at all'))
    expect(await sandbox.text(path, never)).toMatchObject({ kind: 'rejected' })
    expect(await sandbox.thumbnails(path, 1, 25, never)).toMatchObject({ kind: 'rejected' })
  })

  it('of a circle of pages end', async () => {
    const path = fileOf(cyclicPdf())
    for (const found of [await sandbox.text(path, never), await sandbox.thumbnails(path, 1, 25, never)])
      expect(['ok', 'partial', 'rejected']).toContain(found.kind)
  })

  it('of a page a mile high are drawn small', async () => {
    const path = fileOf(
      pdfOf([
        '<< /Type /Catalog /Pages 2 0 R >>',
        '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
        '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 10 14000] >>',
      ]),
    )
    expect(await sandbox.thumbnails(path, 1, 1, never)).toMatchObject({ kind: 'ok', value: { images: [{ page: 1 }] } })
  })
})

describe('the judge of signatures', () => {
  it('finds none where there is none', async () => {
    expect(await sandbox.signatures(fileOf(textPdf(['unsigned'])), Date.now(), never)).toMatchObject({
      kind: 'ok',
      value: { signatures: [] },
    })
  })
})

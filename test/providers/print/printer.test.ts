// What is printed: readable text in embedded fonts, whatever names people have, on as many pages as it takes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { PrintedBlock } from '../../../src/domain/print-ports.ts'
import { createDocumentSandbox } from '../../../src/providers/document-sandbox.ts'
import { createInspector } from '../../../src/providers/inspector.ts'
import { createPrinter } from '../../../src/providers/print/printer.ts'
import { wrapText } from '../../../src/providers/print/wrap.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-print-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const sandbox = createDocumentSandbox(createInspector())
const printer = createPrinter()
const atMs = Date.UTC(2026, 10, 21, 12)

const print = (blocks: readonly PrintedBlock[], title = 'A title') =>
  printer.print({ title, language: 'en', atMs, footer: 'At the foot', blocks })
/** The pages' text, a space for whatever breaks lines. */
async function pagesOf(pdf: Buffer): Promise<string[]> {
  const path = join(folder, 'file.pdf')
  writeFileSync(path, pdf)
  const found = await sandbox.text(path, new AbortController().signal)
  return found.kind === 'ok' ? found.value.pages.map(({ text }) => text.replaceAll(/\s+/g, ' ')) : []
}

describe('a printed document', () => {
  it('shows every kind of block, with title and foot', async () => {
    const [page = ''] = await pagesOf(
      await print([
        { kind: 'badge', text: 'DONE', tone: 'good', note: 'A note.' },
        { kind: 'heading', text: 'Heading', level: 1 },
        { kind: 'paragraph', text: 'First line.\nSecond line.', tone: 'bad' },
        {
          kind: 'facts',
          rows: [
            ['Label', 'value'],
            ['Hash', 'a'.repeat(64)],
          ],
        },
        { kind: 'table', columns: ['A', 'B'], widths: [1, 3], rows: [[{ text: 'one', tone: 'unsure' }, { text: 'two\nlines' }]] },
      ]),
    )
    for (const text of [
      'A title',
      'DONE',
      'A note.',
      'Heading',
      'First line.',
      'Second line.',
      'Label',
      'value',
      'one',
      'two',
      'lines',
      'At the foot',
      '1 / 1',
    ])
      expect(page).toContain(text)
    expect(page.replaceAll(' ', '')).toContain('a'.repeat(64))
  })

  it('has the letters of many languages, and writes out by number what its fonts lack', async () => {
    const names = 'ǃGamǂNûb ǀUises ǁGaroëb Ndapewa Ñandú Łukasz Đorđe Ἀθηνᾶ Ольга'
    const [page = ''] = await pagesOf(await print([{ kind: 'paragraph', text: `${names} 中文 ok` }]))
    expect(page).toContain(names)
    expect(page).toContain('[U+4E2D][U+6587] ok')
  })

  it('has its fonts embedded, and no more of them than it needs', async () => {
    const pdf = await print([{ kind: 'paragraph', text: 'Short.' }])
    expect(pdf.length).toBeLessThan(60_000)
    expect(pdf.toString('latin1')).toContain('/FontFile2')
  })

  it('takes control characters, marks of direction and breaks for blanks or nothing', async () => {
    const [page = ''] = await pagesOf(await print([{ kind: 'facts', rows: [['Name', 'A\u0000B\u202eC\u200bD\r\nE']] }]))
    expect(page).toContain('A BCD E')
  })

  it('goes on over as many pages as it takes, with the table’s head on each', async () => {
    const rows = Array.from({ length: 200 }, (_, at) => [{ text: `row ${at}` }, { text: 'word '.repeat(at % 7) }])
    const long = [[{ text: 'longest' }, { text: 'many words '.repeat(900) }]]
    const pages = await pagesOf(await print([{ kind: 'table', columns: ['Number', 'Words'], widths: [1, 2], rows: [...rows, ...long] }]))
    expect(pages.length).toBeGreaterThan(5)
    const whole = pages.join(' ')
    for (const at of [0, 57, 199]) expect(whole).toContain(`row ${at} `)
    for (const [index, page] of pages.entries()) {
      expect(page).toContain('Number Words')
      expect(page).toContain(`${index + 1} / ${pages.length}`)
    }
    expect(whole.match(/many words/g)).toHaveLength(900)
  })

  it('tells its time and nothing else of itself, and is the same again', async () => {
    const [one, other] = [await print([{ kind: 'paragraph', text: 'x' }]), await print([{ kind: 'paragraph', text: 'x' }])]
    expect(await pagesOf(one)).toEqual(await pagesOf(other))
    expect(one.toString('latin1')).toMatch(/D:20261121120000/)
  })
})

describe('lines', () => {
  const measure = (line: string): number => line.length
  it.each([
    ['', 10, ['']],
    ['one two three', 7, ['one two', 'three']],
    ['unbreakable', 4, ['unbr', 'eaka', 'ble']],
    ['a unbreakable b', 4, ['a', 'unbr', 'eaka', 'ble', 'b']],
    ['x', 0, ['x']],
  ])('%j in %i', (text, width, lines) => {
    const found = wrapText(text, width, measure)
    expect(found.join(' ').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
    if (text !== 'a unbreakable b') expect(found).toEqual(lines)
  })
})

// How each kind of block looks.
import { rgb, type Color } from '@libpdf/core'
import type { PrintedBlock, Tone } from '../../domain/print-ports.ts'
import { grey, ink, textWidth, type Sheet, type Style } from './sheet.ts'

const tones: Readonly<Record<Tone, Color>> = {
  plain: ink,
  good: rgb(0.07, 0.42, 0.25),
  bad: rgb(0.72, 0.11, 0.11),
  unsure: rgb(0.6, 0.38, 0.02),
  muted: grey,
}
const tints: Readonly<Record<Tone, Color>> = {
  plain: rgb(0.95, 0.96, 0.97),
  good: rgb(0.91, 0.96, 0.93),
  bad: rgb(0.99, 0.92, 0.92),
  unsure: rgb(1, 0.96, 0.87),
  muted: rgb(0.96, 0.96, 0.97),
}
const body: Style = { font: 'regular', size: 9, color: ink }
const small: Style = { font: 'regular', size: 7.8, color: ink }
const label: Style = { font: 'regular', size: 8.5, color: grey }
const leading = 1.42
const labelWidth = 130

/** Text in which machines count, not words: hashes, identifiers. */
const isCode = (text: string): boolean => /^[0-9a-f]{8,}…?$|^[a-z]{3}_[\w-]{16,}$|^\d+ \d+ \d+ \d+$/.test(text)

export function drawBlock(sheet: Sheet, block: PrintedBlock): void {
  switch (block.kind) {
    case 'heading':
      return drawHeading(sheet, block.text, block.level)
    case 'paragraph':
      return drawParagraph(sheet, block.text, block.tone ?? 'plain')
    case 'badge':
      return drawBadge(sheet, block)
    case 'facts':
      return drawFacts(sheet, block.rows)
    case 'table':
      return drawTable(sheet, block)
  }
}

export function drawTitle(sheet: Sheet, title: string): void {
  const style: Style = { font: 'bold', size: 17, color: ink }
  for (const line of sheet.lines(title, style, textWidth)) {
    sheet.write(line, style, 0, 0)
    sheet.skip(style.size * 1.3)
  }
  sheet.rule(-4)
  sheet.skip(12)
}

function drawHeading(sheet: Sheet, text: string, level: 1 | 2): void {
  const style: Style = { font: 'bold', size: level === 1 ? 12 : 10, color: ink }
  // A heading does not stand alone at the foot of a page.
  if (!sheet.reserve(level === 1 ? 120 : 70)) sheet.skip(level === 1 ? 12 : 8)
  writeLines(sheet, sheet.lines(text, style, textWidth), style)
  sheet.skip(3)
}

function drawParagraph(sheet: Sheet, text: string, tone: Tone): void {
  const style = { ...body, color: tones[tone] }
  for (const part of text.split('\n')) writeLines(sheet, sheet.lines(part, style, textWidth), style)
  sheet.skip(5)
}

function drawBadge(sheet: Sheet, { text, tone, note }: Extract<PrintedBlock, { kind: 'badge' }>): void {
  const word: Style = { font: 'bold', size: 13, color: tones[tone] }
  const notes = sheet.lines(note, body, textWidth - 28)
  const height = 36 + notes.length * body.size * leading
  sheet.reserve(height + 10)
  sheet.skip(2)
  sheet.fill(0, -10, textWidth, height, tints[tone], 4)
  sheet.fill(0, -10, 4, height, tones[tone])
  sheet.skip(10)
  for (const line of sheet.lines(text, word, textWidth - 28).slice(0, 1)) sheet.write(line, word, 16, 0)
  sheet.skip(18)
  for (const [index, line] of notes.entries()) sheet.write(line, body, 16, index * body.size * leading)
  sheet.skip(height - 20)
}

function drawFacts(sheet: Sheet, rows: readonly (readonly [string, string])[]): void {
  for (const [name, value] of rows) {
    const style: Style = isCode(value) ? { ...body, font: 'mono', size: 8.2 } : body
    const names = sheet.lines(name, label, labelWidth - 10)
    const values = sheet.lines(value, style, textWidth - labelWidth)
    const step = body.size * leading
    sheet.reserve(Math.max(names.length, Math.min(values.length, 3)) * step)
    for (const [index, line] of names.entries()) sheet.write(line, label, 0, index * step)
    for (const [index, line] of values.entries()) {
      if (index > 0 && sheet.reserve(step)) sheet.skip(0)
      sheet.write(line, style, labelWidth, 0)
      sheet.skip(step)
    }
    sheet.skip(Math.max(0, names.length - values.length) * step + 2)
  }
  sheet.skip(4)
}

function drawTable(sheet: Sheet, { columns, widths, rows }: Extract<PrintedBlock, { kind: 'table' }>): void {
  const total = widths.reduce((sum, width) => sum + width, 0)
  const lefts = widths.map((_, index) => (widths.slice(0, index).reduce((sum, width) => sum + width, 0) / total) * textWidth)
  const rights = [...lefts.slice(1), textWidth]
  const step = small.size * leading
  const head: Style = { font: 'bold', size: small.size, color: grey }
  const drawHead = (): void => {
    sheet.fill(0, -step, textWidth, step + 5, tints.plain)
    for (const [index, text] of columns.entries()) sheet.write(text, head, (lefts[index] ?? 0) + 4, 0)
    sheet.skip(step + 6)
  }
  sheet.reserve(step * 4)
  sheet.skip(4)
  drawHead()
  for (const row of rows) {
    const cells = row.map(({ text, tone = 'plain' }, index) => {
      const style: Style = {
        ...small,
        color: tones[tone],
        font: isCode(text) ? 'mono' : tone === 'plain' || tone === 'muted' ? 'regular' : 'bold',
      }
      const fitted = isCode(text) ? { ...style, size: 7.2 } : style
      return {
        style: fitted,
        lines: text.split('\n').flatMap((part) => sheet.lines(part, fitted, (rights[index] ?? 0) - (lefts[index] ?? 0) - 8)),
      }
    })
    drawRow(sheet, cells, lefts, step, drawHead)
  }
  sheet.skip(8)
}

type Cell = { style: Style; lines: readonly string[] }

// A row longer than a page goes on on the next one.
function drawRow(sheet: Sheet, cells: readonly Cell[], lefts: readonly number[], step: number, drawHead: () => void): void {
  const longest = Math.max(1, ...cells.map(({ lines }) => lines.length))
  if (longest <= 40 && sheet.reserve(longest * step + 4)) drawHead()
  for (let line = 0; line < longest; line++) {
    if (sheet.reserve(step)) drawHead()
    for (const [index, { style, lines }] of cells.entries()) sheet.write(lines[line] ?? '', style, (lefts[index] ?? 0) + 4, 0)
    sheet.skip(step)
  }
  sheet.rule(-small.size + 1)
  sheet.skip(4.5)
}

function writeLines(sheet: Sheet, lines: readonly string[], style: Style): void {
  for (const line of lines) {
    sheet.reserve(style.size)
    sheet.write(line, style, 0, 0)
    sheet.skip(style.size * leading)
  }
}

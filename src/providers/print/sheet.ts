// Where the next line goes: A4 pages, filled from the top, with room for the foot.
import { rgb, type Color, type PDF, type PDFPage } from '@libpdf/core'
import { printable, type FontName, type Fonts } from './fonts.ts'
import { wrapText } from './wrap.ts'

/** Points. */
const pageHeight = 841.89
const pageWidth = 595.28
const margin = 56
const top = pageHeight - 60
const bottom = 74
const footSize = 7.5

export const textWidth = pageWidth - 2 * margin

export type Style = { font: FontName; size: number; color: Color }
export const ink = rgb(0.1, 0.12, 0.16)
export const grey = rgb(0.42, 0.45, 0.5)
export const hairline = rgb(0.85, 0.87, 0.9)

export class Sheet {
  readonly #pdf: PDF
  readonly #fonts: Fonts
  readonly #pages: PDFPage[] = []
  /** Where the last line stands; falls from the top. */
  #y = 0

  constructor(pdf: PDF, fonts: Fonts) {
    this.#pdf = pdf
    this.#fonts = fonts
    this.newPage()
  }

  newPage(): void {
    this.#pages.push(this.#pdf.addPage({ width: pageWidth, height: pageHeight }))
    this.#y = top
  }

  /** Turns the page if less than this is left of it; whether it did. */
  reserve(height: number): boolean {
    if (this.#y - height >= bottom) return false
    this.newPage()
    return true
  }

  skip(height: number): void {
    this.#y -= height
  }

  lines(text: string, style: Style, width: number): string[] {
    const font = this.#fonts[style.font]
    return wrapText(printable(font, text), width, (line) => font.widthOfTextAtSize(line, style.size))
  }

  /** Writes one line `down` points below the last one, without going there; `x` counts from the left margin. */
  write(line: string, style: Style, x: number, down: number): void {
    if (line === '') return
    const { size, color } = style
    this.#page.drawText(line, { x: margin + x, y: this.#y - down, font: this.#fonts[style.font], size, color })
  }

  /** A filled rectangle whose upper edge is `down` below the last line. */
  fill(x: number, down: number, width: number, height: number, color: Color, cornerRadius = 0): void {
    this.#page.drawRectangle({ x: margin + x, y: this.#y - down - height, width, height, color, cornerRadius })
  }

  rule(down: number): void {
    const y = this.#y - down
    this.#page.drawLine({ start: { x: margin, y }, end: { x: margin + textWidth, y }, color: hairline, thickness: 0.6 })
  }

  /** Writes the foot of every page. */
  foot(text: string): void {
    const style: Style = { font: 'regular', size: footSize, color: grey }
    const regular = this.#fonts.regular
    for (const [index, page] of this.#pages.entries()) {
      const number = `${index + 1} / ${this.#pages.length}`
      const numberWidth = regular.widthOfTextAtSize(number, footSize)
      const y = bottom - 26
      page.drawLine({ start: { x: margin, y: y + 14 }, end: { x: margin + textWidth, y: y + 14 }, color: hairline, thickness: 0.6 })
      for (const [line, words] of this.lines(text, style, textWidth - numberWidth - 20)
        .slice(0, 3)
        .entries())
        page.drawText(words, { x: margin, y: y - line * (footSize + 2.5), font: regular, size: footSize, color: grey })
      page.drawText(number, { x: margin + textWidth - numberWidth, y, font: regular, size: footSize, color: grey })
    }
  }

  get #page(): PDFPage {
    const page = this.#pages.at(-1)
    if (!page) throw new RangeError('a sheet has a page')
    return page
  }
}

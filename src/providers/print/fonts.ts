// The fonts of printed documents: DejaVu, embedded as far as they are used. What they cannot show is written out by its number rather than lost.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type EmbeddedFont, type PDF } from '@libpdf/core'

export type FontName = 'regular' | 'bold' | 'mono'
export type Fonts = Readonly<Record<FontName, EmbeddedFont>>

const folder = 'dejavu-fonts-ttf/ttf'
const files: Readonly<Record<FontName, string>> = { regular: 'DejaVuSans.ttf', bold: 'DejaVuSans-Bold.ttf', mono: 'DejaVuSansMono.ttf' }
const read = new Map<FontName, Buffer>()

/** Reads each font once in the life of the process. Throws when the package that has them is not installed. */
export function embedFonts(pdf: PDF): Fonts {
  const embed = (name: FontName): EmbeddedFont => {
    const bytes = read.get(name) ?? readFileSync(fileURLToPath(import.meta.resolve(`${folder}/${files[name]}`)))
    read.set(name, bytes)
    return pdf.embedFont(bytes)
  }
  return { regular: embed('regular'), bold: embed('bold'), mono: embed('mono') }
}

/** The text in one line as this font can show it. */
export function printable(font: EmbeddedFont, text: string): string {
  const clean = text
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/[\p{Cf}]/gu, '')
  if (font.canEncode(clean)) return clean
  return [...clean].map((letter) => (font.canEncode(letter) ? letter : codePointOf(letter))).join('')
}

function codePointOf(letter: string): string {
  return `[U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`
}

// Values of a PDF as bytes (ISO 32000-2, 7.3): the other direction of ../pdf/value-parser.ts. Text of it is Latin 1, one character for each byte.
import type { PdfArray, PdfDict, PdfName, PdfRef, PdfStream, PdfString, PdfValue } from '../pdf/values.ts'

/** A value as it is to stand in a file. References are written as they are. */
export function writeValue(value: PdfValue): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return writeNumber(value)
  switch (value.kind) {
    case 'name':
      return writeName(value.name)
    case 'string':
      return `<${value.bytes.toString('hex')}>`
    case 'array':
      return `[${value.items.map(writeValue).join(' ')}]`
    case 'dict':
      return writeDict(value)
    case 'ref':
      return `${value.num} ${value.gen} R`
    case 'stream':
      return writeStream(value)
  }
}

function writeDict({ entries }: PdfDict): string {
  return `<<${[...entries].map(([key, value]) => `${writeName(key)} ${writeValue(value)}`).join('\n')}>>`
}

function writeStream({ dict, data }: PdfStream): string {
  const sized = dictionary({ ...Object.fromEntries(dict.entries), Length: data.length })
  return `${writeDict(sized)}\nstream\n${data.toString('latin1')}\nendstream`
}

// The same digits as before, so that nobody sees a change; exponents are not known to PDF.
function writeNumber(value: number): string {
  const digits = String(value)
  return digits.includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : digits
}

/** Everything but regular characters as `#` and two digits (7.3.5). */
function writeName(name: string): string {
  const escaped = name.replaceAll(
    /[^!"$&'*+,\-.0-9:;=?@A-Z\\^_`a-z|~]/g,
    (letter) => `#${letter.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  return `/${escaped}`
}

/** Values made here have no place in a file. */
const nowhere = { start: -1, end: -1 }

export function dictionary(entries: Readonly<Record<string, PdfValue>>): PdfDict {
  return { kind: 'dict', entries: new Map(Object.entries(entries)), repeatedKeys: [], ...nowhere }
}

/** The same dictionary with other entries. */
export function changed(dict: PdfDict, entries: Readonly<Record<string, PdfValue>>): PdfDict {
  return { kind: 'dict', entries: new Map([...dict.entries, ...Object.entries(entries)]), repeatedKeys: [], ...nowhere }
}

export function list(items: readonly PdfValue[]): PdfArray {
  return { kind: 'array', items: [...items], ...nowhere }
}

export function named(name: string): PdfName {
  return { kind: 'name', name }
}

export function reference(num: number, gen = 0): PdfRef {
  return { kind: 'ref', num, gen }
}

/** A text string: as it is where it is plain ASCII, else UTF-16 with its mark (7.9.2.2). */
export function textString(text: string): PdfString {
  const isPlain = /^[ -~]*$/.test(text)
  const bytes = isPlain ? Buffer.from(text, 'latin1') : Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(text, 'utf16le').swap16()])
  return { kind: 'string', bytes, hex: false, clean: true, ...nowhere }
}

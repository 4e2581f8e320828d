// One cross-reference section, table or stream (ISO 32000-2, 7.5.4 and 7.5.8), and where the update that it closes ends.
// Following /Prev from section to section is xref-chain.ts.
import { isDigit, isWhiteSpace, skipSpaceAndComments, skipWhiteSpace, standsAt } from './characters.ts'
import { decodeStream } from './filters.ts'
import { parseIndirectObject } from './indirect-object.ts'
import type { Input } from './value-parser.ts'
import { parseValue, PdfSyntaxError, readDigits } from './value-parser.ts'
import type { PdfDict, PdfStream } from './values.ts'
import { integerOf, isKind, nameOf } from './values.ts'

/** Where an object is: at an offset of the file, as number `index` of an object stream, or nowhere. */
export type XrefEntry =
  | { type: 'offset'; offset: number; gen: number }
  | { type: 'compressed'; container: number; index: number }
  | { type: 'free' }

/**
 * `offset`: where startxref or /Prev says it is. `end`: offset after the section (after the trailer dictionary or `endobj`).
 * `leniencies`: what was forgiven in reading it. `streamObject`: the number of a cross-reference stream.
 */
export type XrefSection = {
  form: 'table' | 'stream' | 'rebuilt'
  offset: number
  end: number
  entries: Map<number, XrefEntry>
  trailer: PdfDict
  leniencies: Set<string>
  streamObject?: number
}

const FREE: XrefEntry = { type: 'free' }

/** The section that begins at exactly this offset (white space may precede it). Throws PdfSyntaxError if none does. */
export function parseXrefSection(outer: Input, offset: number): XrefSection {
  const input = { ...outer, leniencies: new Set<string>() }
  const section = parseSection(input, offset)
  for (const leniency of input.leniencies) outer.leniencies.add(leniency)
  return section
}

function parseSection(input: Input, offset: number): XrefSection {
  if (offset < 0 || offset >= input.end) throw new PdfSyntaxError(offset, 'a cross-reference offset lies outside the file')
  const start = skipWhiteSpace(input.data, offset, input.end)
  if (start !== offset) input.leniencies.add('xref_offset')
  return standsAt(input.data, start, input.end, 'xref') ? parseTable(input, offset, start) : parseXrefStream(input, offset, start)
}

function parseTable(input: Input, offset: number, start: number): XrefSection {
  const entries = new Map<number, XrefEntry>()
  let at = skipSpaceAndComments(input.data, start + 4, input.end)
  while (isDigit(input.data[at]) && at < input.end) {
    const first = readDigits(input, at)
    const count = readDigits(input, skipWhiteSpace(input.data, first.next, input.end))
    at = parseSubsection(input, count.next, first.value, count.value, entries)
  }
  if (!standsAt(input.data, at, input.end, 'trailer')) throw new PdfSyntaxError(at, 'a trailer is missing')
  const trailer = parseValue(input, at + 7)
  if (!isKind(trailer.value, 'dict')) throw new PdfSyntaxError(at, 'a trailer is no dictionary')
  return { form: 'table', offset, end: trailer.next, entries, trailer: trailer.value, leniencies: input.leniencies }
}

function parseSubsection(input: Input, from: number, first: number, count: number, entries: Map<number, XrefEntry>): number {
  let at = skipWhiteSpace(input.data, from, input.end)
  for (let index = 0; index < count; index++) {
    if (!isDigit(input.data[at]) || at >= input.end) {
      input.leniencies.add('xref_short')
      break
    }
    input.budget.spend('maxObjects', 1)
    const offset = readDigits(input, at)
    const gen = readDigits(input, skipWhiteSpace(input.data, offset.next, input.end))
    const letter = skipWhiteSpace(input.data, gen.next, input.end)
    const isInUse = input.data[letter] === 0x6e
    if (!isInUse && input.data[letter] !== 0x66) throw new PdfSyntaxError(at, 'a cross-reference entry is malformed')
    if (letter - at !== 17 || !isWhiteSpace(input.data[letter + 1])) input.leniencies.add('xref_entry_width')
    setEntry(input, entries, first + index, isInUse ? { type: 'offset', offset: offset.value, gen: gen.value } : FREE)
    at = skipWhiteSpace(input.data, letter + 1, input.end)
  }
  return skipSpaceAndComments(input.data, at, input.end)
}

function setEntry(input: Input, entries: Map<number, XrefEntry>, num: number, entry: XrefEntry): void {
  if (entries.has(num)) input.leniencies.add('xref_repeated_entry')
  else entries.set(num, entry)
}

function parseXrefStream(input: Input, offset: number, start: number): XrefSection {
  const object = parseIndirectObject(input, start, integerOf)
  if (!isKind(object.value, 'stream') || nameOf(object.value.dict.entries.get('Type')) !== 'XRef') {
    throw new PdfSyntaxError(start, 'no cross-reference section begins here')
  }
  const { dict } = object.value
  const entries = readRows(input, object.value)
  return { form: 'stream', offset, end: object.end, entries, trailer: dict, leniencies: input.leniencies, streamObject: object.num }
}

function readRows(input: Input, stream: PdfStream): Map<number, XrefEntry> {
  const widths = integerList(stream.dict, 'W')
  const [typeWidth = 0, secondWidth = 0, thirdWidth = 0] = widths
  const rowBytes = typeWidth + secondWidth + thirdWidth
  const data = decodeStream(stream, input.budget)
  if (widths.length < 3 || widths.some((width) => width > 7) || rowBytes === 0 || data === undefined) {
    throw new PdfSyntaxError(stream.dataStart, 'a cross-reference stream cannot be read')
  }
  const entries = new Map<number, XrefEntry>()
  const index = stream.dict.entries.has('Index') ? integerList(stream.dict, 'Index') : [0, integerOf(stream.dict.entries.get('Size')) ?? 0]
  let at = 0
  for (let pair = 0; pair + 1 < index.length; pair += 2) {
    for (let num = index[pair] ?? 0, last = num + (index[pair + 1] ?? 0); num < last; num++) {
      if (at + rowBytes > data.length) {
        input.leniencies.add('xref_short')
        return entries
      }
      input.budget.spend('maxObjects', 1)
      const type = typeWidth === 0 ? 1 : readWide(data, at, typeWidth)
      const second = readWide(data, at + typeWidth, secondWidth)
      const third = readWide(data, at + typeWidth + secondWidth, thirdWidth)
      setEntry(input, entries, num, entryOf(type, second, third))
      at += rowBytes
    }
  }
  return entries
}

function readWide(data: Buffer, at: number, width: number): number {
  let value = 0
  for (let index = 0; index < width; index++) value = value * 256 + (data[at + index] ?? 0)
  return value
}

function entryOf(type: number, second: number, third: number): XrefEntry {
  if (type === 1) return { type: 'offset', offset: second, gen: third }
  return type === 2 ? { type: 'compressed', container: second, index: third } : FREE
}

function integerList(dict: PdfDict, key: string): number[] {
  const value = dict.entries.get(key)
  return isKind(value, 'array') ? value.items.map((item) => Math.max(0, integerOf(item) ?? 0)) : []
}

/** After a section: `startxref`, its number, `%%EOF` and the line end. Undefined if they do not follow directly. */
export function readUpdateEnd(input: Input, sectionEnd: number): { startxref: number; end: number } | undefined {
  const word = skipSpaceAndComments(input.data, sectionEnd, input.end)
  if (!standsAt(input.data, word, input.end, 'startxref')) return undefined
  const digits = skipWhiteSpace(input.data, word + 9, input.end)
  if (!isDigit(input.data[digits]) || digits >= input.end) return undefined
  const number = readDigits(input, digits)
  const mark = skipWhiteSpace(input.data, number.next, input.end)
  if (!standsAt(input.data, mark, input.end, '%%EOF')) return undefined
  let end = mark + 5
  if (end < input.end && input.data[end] === 0x0d) end++
  if (end < input.end && input.data[end] === 0x0a) end++
  return { startxref: number.value, end }
}

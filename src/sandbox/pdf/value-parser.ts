// Reads one PDF value at an offset: exact positions, bounded nesting and work. What it forgives it records as a leniency.
// Indirect objects and streams are indirect-object.ts; strings are string-parser.ts.
import type { Budget } from './budget.ts'
import { PdfRefusal } from './budget.ts'
import { hexValue, isDigit, isRegular, skipSpaceAndComments, skipWhiteSpace, standsAt } from './characters.ts'
import { readHexString, readLiteralString } from './string-parser.ts'
import type { PdfArray, PdfDict, PdfValue } from './values.ts'

/** Bytes being read. `end` bounds it; `placed` is false for data with no place of its own in the file (object streams). */
export type Input = { data: Buffer; end: number; placed: boolean; budget: Budget; leniencies: Set<string> }
export type Parsed<T> = { value: T; next: number }

/** Text that is not PDF syntax at this place. Caught within the reader: the object counts as null. */
export class PdfSyntaxError extends Error {
  readonly at: number
  constructor(at: number, message: string) {
    super(message)
    this.name = 'PdfSyntaxError'
    this.at = at
  }
}

/** The value that begins at or after `at`. Throws PdfSyntaxError if there is none, PdfRefusal past a limit. */
export function parseValue(input: Input, at: number, depth = 0): Parsed<PdfValue> {
  if (depth > input.budget.limits.maxNesting) throw new PdfRefusal('too_complex', 'values are nested too deep')
  input.budget.spend('maxTokens', 1)
  const start = skipSpaceAndComments(input.data, at, input.end)
  const byte = start < input.end ? input.data[start] : undefined
  switch (byte) {
    case undefined:
      throw new PdfSyntaxError(start, 'a value is missing')
    case 0x2f:
      return parseName(input, start)
    case 0x28:
      return placeString(input, readLiteralString(input.data, start, input.end), start)
    case 0x5b:
      return parseArray(input, start, depth)
    case 0x3c:
      if (input.data[start + 1] === 0x3c) return parseDict(input, start, depth)
      return placeString(input, readHexString(input.data, start, input.end), start)
    default:
      return isNumberStart(byte) ? parseNumberOrRef(input, start) : parseKeyword(input, start)
  }
}

function isNumberStart(byte: number): boolean {
  return isDigit(byte) || byte === 0x2b || byte === 0x2d || byte === 0x2e
}

function placeString(input: Input, read: ReturnType<typeof readHexString>, start: number): Parsed<PdfValue> {
  // What was looked through is paid for, found or not: else many unclosed strings cost the square of the file.
  input.budget.spend('maxScannedBytes', (read?.next ?? input.end) - start)
  if (read === undefined) throw new PdfSyntaxError(start, 'a string does not end')
  if (!read.clean) input.leniencies.add('unclean_hex_string')
  const { bytes, hex, clean, next } = read
  return { value: { kind: 'string', bytes, hex, clean, start: input.placed ? start : -1, end: input.placed ? next : -1 }, next }
}

function parseName(input: Input, start: number): Parsed<{ kind: 'name'; name: string }> {
  let next = start + 1
  let escaped = false
  while (next < input.end && isRegular(input.data[next])) {
    if (input.data[next] === 0x23) escaped = true
    next++
  }
  const raw = input.data.toString('latin1', start + 1, next)
  return { value: { kind: 'name', name: escaped ? unescapeName(raw) : raw }, next }
}

function unescapeName(raw: string): string {
  return raw.replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

function parseArray(input: Input, start: number, depth: number): Parsed<PdfArray> {
  const items: PdfValue[] = []
  let at = start + 1
  for (;;) {
    at = skipSpaceAndComments(input.data, at, input.end)
    if (at >= input.end) throw new PdfSyntaxError(start, 'an array does not end')
    if (input.data[at] === 0x5d) break
    const item = parseValue(input, at, depth + 1)
    items.push(item.value)
    at = item.next
  }
  const next = at + 1
  return { value: { kind: 'array', items, start: input.placed ? start : -1, end: input.placed ? next : -1 }, next }
}

function parseDict(input: Input, start: number, depth: number): Parsed<PdfDict> {
  const entries = new Map<string, PdfValue>()
  const repeatedKeys: string[] = []
  let at = start + 2
  for (;;) {
    at = skipSpaceAndComments(input.data, at, input.end)
    if (at >= input.end) throw new PdfSyntaxError(start, 'a dictionary does not end')
    if (standsAt(input.data, at, input.end, '>>')) break
    if (input.data[at] !== 0x2f) throw new PdfSyntaxError(at, 'a dictionary key is not a name')
    const key = parseName(input, at)
    const item = parseValue(input, key.next, depth + 1)
    if (entries.has(key.value.name)) repeatedKeys.push(key.value.name)
    entries.set(key.value.name, item.value)
    at = item.next
  }
  if (repeatedKeys.length > 0) input.leniencies.add('repeated_key')
  const next = at + 2
  return { value: { kind: 'dict', entries, repeatedKeys, start: input.placed ? start : -1, end: input.placed ? next : -1 }, next }
}

function parseNumberOrRef(input: Input, start: number): Parsed<PdfValue> {
  const number = parseNumber(input, start)
  if (!isDigit(input.data[start]) || !Number.isSafeInteger(number.value)) return number
  const genStart = skipWhiteSpace(input.data, number.next, input.end)
  if (genStart === number.next || !isDigit(input.data[genStart])) return number
  const gen = readDigits(input, genStart)
  const letter = skipWhiteSpace(input.data, gen.next, input.end)
  if (letter === gen.next || input.data[letter] !== 0x52 || letter >= input.end) return number
  if (letter + 1 < input.end && isRegular(input.data[letter + 1])) return number
  return { value: { kind: 'ref', num: number.value, gen: gen.value }, next: letter + 1 }
}

function parseNumber(input: Input, start: number): Parsed<number> {
  let next = start
  while (next < input.end && isRegular(input.data[next])) next++
  const text = input.data.toString('latin1', start, Math.min(next, start + 64))
  if (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text)) return { value: Number(text), next }
  input.leniencies.add('malformed_number')
  const found = /^[+-]*(\d+\.?\d*|\.\d+)/.exec(text)
  return { value: found ? Number(found[1]) * (text.startsWith('-') ? -1 : 1) : 0, next }
}

function parseKeyword(input: Input, start: number): Parsed<PdfValue> {
  let next = start
  while (next < input.end && isRegular(input.data[next])) next++
  switch (input.data.toString('latin1', start, Math.min(next, start + 16))) {
    case 'true':
      return { value: true, next }
    case 'false':
      return { value: false, next }
    case 'null':
      return { value: null, next }
    default:
      throw new PdfSyntaxError(start, 'an unknown word stands in place of a value')
  }
}

/** An unsigned whole number at exactly this place. Throws PdfSyntaxError if none stands there or it has more than 15 digits. */
export function readDigits(input: Input, at: number): Parsed<number> {
  let next = at
  while (next < input.end && isDigit(input.data[next])) next++
  if (next === at || next - at > 15) throw new PdfSyntaxError(at, 'a whole number is missing')
  let value = 0
  for (let index = at; index < next; index++) value = value * 10 + hexValue(input.data[index])
  return { value, next }
}

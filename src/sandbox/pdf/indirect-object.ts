// Reads `N G obj … endobj` at an offset, streams included. The length of a stream may be an indirect object: the caller resolves it.
import { skipSpaceAndComments, skipWhiteSpace, standsAt } from './characters.ts'
import type { Input } from './value-parser.ts'
import { parseValue, PdfSyntaxError, readDigits } from './value-parser.ts'
import type { PdfDict, PdfStream, PdfValue } from './values.ts'
import { isKind } from './values.ts'

/** `end` is the offset after `endobj`. `leansOnLength`: how far the stream goes was read from another object. */
export type IndirectObject = { num: number; gen: number; value: PdfValue; start: number; end: number; leansOnLength: boolean }
/** Finds the value behind a reference as /Length; undefined if there is none. */
export type ResolveLength = (value: PdfValue | undefined) => number | undefined

/** The object whose number stands at exactly `at` (white space may precede it). Throws PdfSyntaxError if none stands there. */
export function parseIndirectObject(input: Input, at: number, resolveLength: ResolveLength): IndirectObject {
  const start = skipSpaceAndComments(input.data, at, input.end)
  input.budget.spend('maxTokens', 1)
  const num = readDigits(input, start)
  const gen = readDigits(input, skipWhiteSpace(input.data, num.next, input.end))
  const word = skipWhiteSpace(input.data, gen.next, input.end)
  if (!standsAt(input.data, word, input.end, 'obj')) throw new PdfSyntaxError(start, 'no object begins here')
  const body = parseValue(input, word + 3)
  const after = skipSpaceAndComments(input.data, body.next, input.end)
  const head = { num: num.value, gen: gen.value, start }
  if (!isKind(body.value, 'dict') || !standsAt(input.data, after, input.end, 'stream')) {
    return { ...head, value: body.value, end: endOfObject(input, body.next), leansOnLength: false }
  }
  const stream = parseStream(input, body.value, after + 6, resolveLength)
  const leansOnLength = isKind(body.value.entries.get('Length'), 'ref')
  return { ...head, value: stream.value, end: endOfObject(input, stream.next), leansOnLength }
}

function endOfObject(input: Input, at: number): number {
  const word = skipSpaceAndComments(input.data, at, input.end)
  if (standsAt(input.data, word, input.end, 'endobj')) return word + 6
  input.leniencies.add('missing_endobj')
  return at
}

function parseStream(input: Input, dict: PdfDict, afterWord: number, resolveLength: ResolveLength): { value: PdfStream; next: number } {
  const dataStart = skipStreamLineEnd(input, afterWord)
  const length = resolveLength(dict.entries.get('Length'))
  if (length !== undefined && length >= 0 && dataStart + length <= input.end) {
    const word = skipWhiteSpace(input.data, dataStart + length, input.end)
    if (standsAt(input.data, word, input.end, 'endstream')) {
      return { value: { kind: 'stream', dict, data: input.data.subarray(dataStart, dataStart + length), dataStart }, next: word + 9 }
    }
  }
  input.leniencies.add('stream_length')
  const word = input.data.indexOf('endstream', dataStart, 'latin1')
  // The search is native and some eight times faster than ours.
  input.budget.spend('maxScannedBytes', ((word === -1 ? input.end : word) - dataStart) >> 3)
  if (word === -1 || word >= input.end) throw new PdfSyntaxError(dataStart, 'a stream does not end')
  const dataEnd = trimLineEnd(input.data, dataStart, word)
  return { value: { kind: 'stream', dict, data: input.data.subarray(dataStart, dataEnd), dataStart }, next: word + 9 }
}

function skipStreamLineEnd(input: Input, at: number): number {
  let next = at
  while (next < input.end && (input.data[next] === 0x20 || input.data[next] === 0x09)) next++
  if (next !== at) input.leniencies.add('space_after_stream')
  if (input.data[next] === 0x0d && input.data[next + 1] === 0x0a) return next + 2
  if (input.data[next] === 0x0a) return next + 1
  input.leniencies.add('stream_line_end')
  return input.data[next] === 0x0d ? next + 1 : next
}

function trimLineEnd(data: Buffer, start: number, end: number): number {
  if (end - 2 >= start && data[end - 2] === 0x0d && data[end - 1] === 0x0a) return end - 2
  return end - 1 >= start && (data[end - 1] === 0x0a || data[end - 1] === 0x0d) ? end - 1 : end
}

// The last resort for files whose cross-reference is broken: looks for every `N G obj` in the bytes. What is found so may be read,
// but nothing that rests on it is called intact later on: different readers rebuild differently.
import { isDigit, isRegular, isWhiteSpace } from './characters.ts'
import { parseIndirectObject } from './indirect-object.ts'
import type { Input } from './value-parser.ts'
import { parseValue, PdfSyntaxError, readDigits } from './value-parser.ts'
import type { PdfDict, PdfValue } from './values.ts'
import { dictOf, integerOf, isKind, nameOf } from './values.ts'
import type { XrefEntry, XrefSection } from './xref-section.ts'

/** One section that holds the last object of every number. Undefined if no catalog is found. */
export function rebuildSection(input: Input): XrefSection | undefined {
  const entries = new Map<number, XrefEntry>()
  const starts = findObjects(input)
  for (const { num, gen, offset } of starts) entries.set(num, { type: 'offset', offset, gen })
  const trailer = findTrailer(input) ?? trailerFromObjects(input, starts)
  if (trailer === undefined) return undefined
  return { form: 'rebuilt', offset: 0, end: input.end, entries, trailer, leniencies: new Set() }
}

type Found = { num: number; gen: number; offset: number }

/** Where text that looks like the head of an object stands, in file order. */
export function findObjects(input: Input): Found[] {
  const found: Found[] = []
  for (
    let word = input.data.indexOf('obj', 0, 'latin1');
    word !== -1 && word < input.end;
    word = input.data.indexOf('obj', word + 3, 'latin1')
  ) {
    const head = readHeadBackwards(input, word)
    if (head === undefined) continue
    input.budget.spend('maxObjects', 1)
    found.push(head)
  }
  return found
}

function readHeadBackwards(input: Input, word: number): Found | undefined {
  const gen = numberBefore(input, word)
  const num = gen === undefined ? undefined : numberBefore(input, gen.start)
  if (gen === undefined || num === undefined || isRegular(input.data[num.start - 1])) return undefined
  return { num: num.value, gen: gen.value, offset: num.start }
}

function numberBefore(input: Input, at: number): { value: number; start: number } | undefined {
  let end = at
  while (end > 0 && isWhiteSpace(input.data[end - 1])) end--
  let start = end
  while (start > 0 && isDigit(input.data[start - 1])) start--
  if (start === end || end === at || end - start > 10) return undefined
  return { value: readDigits(input, start).value, start }
}

function findTrailer(input: Input): PdfDict | undefined {
  let last = input.end
  for (let tries = 0; tries < input.budget.limits.maxSections && last > 0; tries++) {
    const word = input.data.lastIndexOf('trailer', last - 1, 'latin1')
    if (word === -1) return undefined
    const dict = tryDict(input, () => parseValue(input, word + 7).value)
    if (isKind(dict?.entries.get('Root'), 'ref')) return dict
    last = word
  }
  return undefined
}

function trailerFromObjects(input: Input, starts: Found[]): PdfDict | undefined {
  for (const { num, gen, offset } of starts.toReversed()) {
    const dict = tryDict(input, () => parseIndirectObject(input, offset, integerOf).value)
    const type = nameOf(dict?.entries.get('Type'))
    if (type === 'XRef' && isKind(dict?.entries.get('Root'), 'ref')) return dict
    if (type !== 'Catalog') continue
    return { kind: 'dict', entries: new Map([['Root', { kind: 'ref', num, gen }]]), repeatedKeys: [], start: -1, end: -1 }
  }
  return undefined
}

function tryDict(input: Input, parse: () => PdfValue): PdfDict | undefined {
  try {
    return dictOf(parse())
  } catch (error) {
    if (!(error instanceof PdfSyntaxError)) throw error
    input.budget.spend('maxFailures', 1)
    return undefined
  }
}

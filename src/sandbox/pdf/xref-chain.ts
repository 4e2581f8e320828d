// Follows `startxref` and /Prev to all cross-reference sections, newest first, and cuts the file into its revisions.
// A revision is what one incremental update (or the first writing) put into the file.
import { isWhiteSpace, skipWhiteSpace } from './characters.ts'
import type { Input } from './value-parser.ts'
import { PdfSyntaxError, readDigits } from './value-parser.ts'
import { integerOf } from './values.ts'
import type { XrefSection } from './xref-section.ts'
import { parseXrefSection, readUpdateEnd } from './xref-section.ts'

/**
 * One update. `start` is where the one before ended; `markEnd` the offset after `%%EOF`; `end` that after its line end.
 * `sections` are newest first: more than one only in a linearized file. `hybrid`: it also has a hidden cross-reference stream (/XRefStm).
 */
export type Revision = { start: number; markEnd: number; end: number; sections: XrefSection[]; hybrid: boolean }
/** `irregular` says why the sections could not be laid over the file as revisions one after the other. `revisions` are oldest first. */
export type XrefChain = { sections: XrefSection[]; revisions: Revision[]; irregular?: string }

/** All sections that the last `startxref` leads to. Throws PdfSyntaxError if one of them cannot be read or the chain is a loop. */
export function readXrefChain(input: Input): XrefChain {
  const sections: XrefSection[] = []
  const hybrids = new Set<XrefSection>()
  const visited = new Set<number>()
  let next: number | undefined = lastStartxref(input)
  while (next !== undefined) {
    if (visited.has(next)) throw new PdfSyntaxError(next, 'the cross-reference sections form a loop')
    if (visited.size >= input.budget.limits.maxSections) throw new PdfSyntaxError(next, 'there are too many cross-reference sections')
    visited.add(next)
    const section: XrefSection = parseXrefSection(input, next)
    const hidden = integerOf(section.trailer.entries.get('XRefStm'))
    if (section.form === 'table' && hidden !== undefined) {
      hybrids.add(section)
      mergeHidden(section, parseXrefSection(input, hidden))
    }
    sections.push(section)
    next = previousOf(section)
  }
  return { sections, ...cutIntoRevisions(input, sections, hybrids) }
}

function lastStartxref(input: Input): number {
  const word = input.data.lastIndexOf('startxref', input.end - 1, 'latin1')
  if (word === -1) throw new PdfSyntaxError(0, 'startxref is missing')
  return readDigits(input, skipWhiteSpace(input.data, word + 9, input.end)).value
}

function previousOf(section: XrefSection): number | undefined {
  const value = section.trailer.entries.get('Prev')
  if (value === undefined || value === null) return undefined
  const offset = integerOf(value)
  if (offset === undefined) throw new PdfSyntaxError(section.offset, '/Prev is not a number')
  return offset
}

// In a hybrid file the table calls free what only the hidden stream knows (ISO 32000-2, 7.5.8.4).
function mergeHidden(section: XrefSection, hidden: XrefSection): void {
  for (const [num, entry] of hidden.entries) {
    const own = section.entries.get(num)
    if (own === undefined || own.type === 'free') section.entries.set(num, entry)
  }
}

function cutIntoRevisions(input: Input, sections: XrefSection[], hybrids: Set<XrefSection>): { revisions: Revision[]; irregular?: string } {
  const revisions: Revision[] = []
  let start = 0
  for (const group of groupLinearized(sections).toReversed()) {
    const newest = group[0]
    const last = group.at(-1)
    if (newest === undefined || last === undefined) break
    const tail = readUpdateEnd(input, last.end)
    if (tail === undefined) return { revisions, irregular: 'an update does not end in startxref and %%EOF' }
    if (tail.startxref !== newest.offset) return { revisions, irregular: 'a startxref does not name the section before it' }
    if (newest.offset < start || tail.end <= start) return { revisions, irregular: 'updates do not follow each other in the file' }
    revisions.push({
      start,
      markEnd: withoutLineEnd(input, tail.end),
      end: tail.end,
      sections: group,
      hybrid: group.some((one) => hybrids.has(one)),
    })
    start = tail.end
  }
  return { revisions }
}

// The first-page section of a linearized file stands before the main one that its /Prev names; both are one writing.
function groupLinearized(sections: XrefSection[]): XrefSection[][] {
  const groups = sections.map((section) => [section])
  const main = sections.at(-1)
  const firstPage = sections.at(-2)
  if (main !== undefined && firstPage !== undefined && firstPage.offset < main.offset) groups.splice(-2, 2, [firstPage, main])
  return groups
}

function withoutLineEnd(input: Input, end: number): number {
  let at = end
  while (isWhiteSpace(input.data[at - 1])) at--
  return at
}

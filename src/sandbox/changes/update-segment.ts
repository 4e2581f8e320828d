// Reads the bytes of one update from front to back, as a reader does that rebuilds the cross-reference for itself.
// An update whose bytes and cross-reference tell different stories is read differently by different readers: it is not trusted.
import { skipSpaceAndComments } from '../pdf/characters.ts'
import { parseIndirectObject } from '../pdf/indirect-object.ts'
import type { Snapshot } from '../pdf/snapshot.ts'
import type { Input } from '../pdf/value-parser.ts'
import { PdfSyntaxError } from '../pdf/value-parser.ts'
import { integerOf } from '../pdf/values.ts'
import type { Revision } from '../pdf/xref-chain.ts'
import type { XrefEntry, XrefSection } from '../pdf/xref-section.ts'

// Ways of writing that leave no doubt about what is meant.
const harmless = new Set(['xref_entry_width', 'xref_offset', 'space_after_stream'])

/**
 * What is wrong with the bytes of an update, as a sentence; undefined if they agree with its cross-reference.
 * `before` and `after` are the document at its start and at its end.
 */
export function findAmbiguity(revision: Revision, before: Snapshot, after: Snapshot): string | undefined {
  const [section] = revision.sections
  if (section === undefined || revision.sections.length > 1) return 'an update has more than one cross-reference section'
  if (revision.hybrid) return 'an update hides objects from readers without cross-reference streams'
  const leniencies = new Set(section.leniencies)
  const placed = listObjects(revision, section, { ...after.input(), leniencies }, after)
  if (placed === undefined) return 'an update holds bytes that are neither objects nor its cross-reference'
  const forgiven = [...leniencies].find((name) => !harmless.has(name))
  if (forgiven !== undefined) return `an update is not written as the standard asks (${forgiven})`
  return findDisagreement(revision, section, placed, before)
}

/** Object numbers by offset, in file order; undefined if something else stands between them. */
function listObjects(revision: Revision, section: XrefSection, input: Input, after: Snapshot): Map<number, number> | undefined {
  const placed = new Map<number, number>()
  let at = skipSpaceAndComments(input.data, revision.start, section.offset)
  try {
    while (at < section.offset) {
      const object = parseIndirectObject(input, at, (value) => integerOf(after.resolve(value)))
      input.budget.spend('maxObjects', 1)
      placed.set(object.start, object.num)
      at = skipSpaceAndComments(input.data, object.end, input.end)
    }
  } catch (error) {
    if (error instanceof PdfSyntaxError) return undefined
    throw error
  }
  return at === skipSpaceAndComments(input.data, section.offset, input.end) ? placed : undefined
}

function findDisagreement(revision: Revision, section: XrefSection, placed: Map<number, number>, before: Snapshot): string | undefined {
  const unclaimed = new Map(placed)
  for (const [num, entry] of section.entries) {
    if (entry.type === 'free') continue
    const own = entry.type === 'offset' ? entry : section.entries.get(entry.container)
    const isOwn = own?.type === 'offset' && own.offset >= revision.start
    if (!isOwn && !isSameEntry(entry, before.entry(num))) return 'an update brings back an object from older bytes'
    if (!isOwn || entry.type !== 'offset' || num === section.streamObject) continue
    if (placed.get(entry.offset) !== num) return 'a cross-reference entry does not lead to its object'
    unclaimed.delete(entry.offset)
  }
  return unclaimed.size > 0 ? 'an update holds objects that its cross-reference does not know' : undefined
}

/** Whether two entries lead to the same place. */
export function isSameEntry(one: XrefEntry | undefined, other: XrefEntry | undefined): boolean {
  if (one === undefined || other === undefined || one.type === 'free' || other.type === 'free')
    return (one?.type ?? 'free') === (other?.type ?? 'free')
  if (one.type === 'offset') return other.type === 'offset' && one.offset === other.offset && one.gen === other.gen
  return other.type === 'compressed' && one.container === other.container && one.index === other.index
}

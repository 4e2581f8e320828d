// Compares what is reachable in one revision with the same place in another, object by object, with loops.
// Pages, fields and annotations met on the way are left to their own rules (document-changes.ts), except where they could
// serve as content: below those keys nothing is left out, so an object with two uses cannot change under the milder rule.
import type { Snapshot } from '../pdf/snapshot.ts'
import type { PdfArray, PdfDict, PdfStream, PdfValue } from '../pdf/values.ts'
import { isKind } from '../pdf/values.ts'

const contentKeys = new Set([
  'Resources',
  'Contents',
  'AP',
  'DR',
  'Group',
  'Properties',
  'XObject',
  'Font',
  'Pattern',
  'ExtGState',
  'Shading',
  'ColorSpace',
])
const MAX_DIFFERENCES = 100
const CONTENT_MARK = 'c'

/** Whether an object, by number, has a rule of its own when it is reached under this dictionary key. */
export type OwnRule = (num: number, key: string) => boolean
export type Difference = { where: string }

// `key` is the dictionary key that led here, through arrays if need be.
type Pair = { before: PdfValue | undefined; after: PdfValue | undefined; where: string; key: string; isContent: boolean }

export class GraphComparison {
  readonly differences: Difference[] = []
  private readonly before: Snapshot
  private readonly after: Snapshot
  private readonly hasOwnRule: OwnRule
  private readonly knownEqual: ReadonlySet<string>
  private readonly visited = new Set<string>()
  // A list and not the stack: chains of objects may be as long as the file.
  private readonly pending: Pair[] = []

  /** `knownEqual`: pairs of references that were found equal as content before; those found now can be read from `contentPairs`. */
  constructor(before: Snapshot, after: Snapshot, hasOwnRule: OwnRule, knownEqual: ReadonlySet<string> = new Set()) {
    this.before = before
    this.after = after
    this.hasOwnRule = hasOwnRule
    this.knownEqual = knownEqual
  }

  /** The pairs compared as content. If there is no difference, all of them are equal. */
  contentPairs(): string[] {
    return [...this.visited].filter((mark) => mark.endsWith(CONTENT_MARK))
  }

  /** Notes every difference between two values and all that they lead to. `where` ends in their key. `isContent`: nothing below is left to other rules. */
  compare(before: PdfValue | undefined, after: PdfValue | undefined, where: string, isContent = false): void {
    this.pending.push({ before, after, where, key: where.slice(where.lastIndexOf('/') + 1), isContent })
    for (let pair = this.pending.pop(); pair !== undefined; pair = this.pending.pop()) {
      this.before.file.budget.spend('maxComparedValues', 1)
      if (!this.isSettled(pair)) this.comparePair(pair)
      if (this.differences.length >= MAX_DIFFERENCES) this.pending.length = 0
    }
  }

  private isSettled({ before, after, key, isContent }: Pair): boolean {
    if (!isKind(before, 'ref') || !isKind(after, 'ref')) return false
    const isSame = before.num === after.num && before.gen === after.gen
    if (!isContent && isSame && this.hasOwnRule(before.num, key)) return true
    const mark = `${before.num} ${before.gen} ${after.num} ${after.gen} ${isContent ? CONTENT_MARK : ''}`
    if (this.visited.has(mark) || this.knownEqual.has(mark)) return true
    this.visited.add(mark)
    return false
  }

  private comparePair(pair: Pair): void {
    const [before, after] = [this.before.resolve(pair.before), this.after.resolve(pair.after)]
    if (isKind(before, 'dict') && isKind(after, 'dict')) this.compareDicts(before, after, pair)
    else if (isKind(before, 'array') && isKind(after, 'array')) this.compareArrays(before, after, pair)
    else if (isKind(before, 'stream') && isKind(after, 'stream')) this.compareStreams(before, after, pair)
    else if (!sameScalar(before, after)) this.differences.push({ where: pair.where })
  }

  private compareDicts(before: PdfDict, after: PdfDict, { where, isContent }: Pair, skip?: string): void {
    // Of a key given twice each reader takes the one it likes.
    if (after !== before && after.repeatedKeys.length > 0) this.differences.push({ where: `${where} (repeated key)` })
    for (const key of new Set([...before.entries.keys(), ...after.entries.keys()])) {
      if (key === skip) continue
      const isBelowContent = isContent || contentKeys.has(key)
      this.pending.push({
        before: before.entries.get(key),
        after: after.entries.get(key),
        where: `${where}/${key}`,
        key,
        isContent: isBelowContent,
      })
    }
  }

  private compareArrays(before: PdfArray, after: PdfArray, { where, key, isContent }: Pair): void {
    if (before.items.length !== after.items.length) this.differences.push({ where })
    else
      for (const [index, item] of before.items.entries())
        this.pending.push({ before: item, after: after.items[index], where: `${where}/${index}`, key, isContent })
  }

  private compareStreams(before: PdfStream, after: PdfStream, pair: Pair): void {
    // The length is compared with the bytes: how it is written says nothing.
    this.compareDicts(before.dict, after.dict, { ...pair, isContent: true }, 'Length')
    if (before === after) return
    this.before.file.budget.spend('maxScannedBytes', before.data.length >> 3)
    if (!before.data.equals(after.data)) this.differences.push({ where: pair.where })
  }
}

function sameScalar(before: PdfValue, after: PdfValue): boolean {
  if (isKind(before, 'name') && isKind(after, 'name')) return before.name === after.name
  if (isKind(before, 'string') && isKind(after, 'string')) return before.bytes.equals(after.bytes)
  return before === after
}

/** Whether two objects are written alike: references count as equal only if they name the same object. Follows nothing. */
export function isWrittenAlike(before: PdfValue | undefined, after: PdfValue | undefined): boolean {
  if (before === after) return true
  if (isKind(before, 'ref') && isKind(after, 'ref')) return before.num === after.num && before.gen === after.gen
  if (isKind(before, 'array') && isKind(after, 'array')) {
    return before.items.length === after.items.length && before.items.every((item, index) => isWrittenAlike(item, after.items[index]))
  }
  if (isKind(before, 'dict') && isKind(after, 'dict')) {
    if (before.entries.size !== after.entries.size || after.repeatedKeys.length > 0) return false
    return [...before.entries].every(([key, value]) => isWrittenAlike(value, after.entries.get(key)))
  }
  if (isKind(before, 'stream') && isKind(after, 'stream')) return isWrittenAlike(before.dict, after.dict) && before.data.equals(after.data)
  return sameScalar(before ?? null, after ?? null)
}

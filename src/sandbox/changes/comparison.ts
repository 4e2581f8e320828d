// What the rules of one comparison share: both revisions, the form and pages of each, the changes found so far and the objects
// whose replacement one of them accounts for.
import type { FormNode } from '../pdf/form-fields.ts'
import { itemsOf, listFormNodes } from '../pdf/form-fields.ts'
import type { Page } from '../pdf/pages.ts'
import { listPages } from '../pdf/pages.ts'
import type { Snapshot } from '../pdf/snapshot.ts'
import type { PdfDict, PdfValue } from '../pdf/values.ts'
import { isKind } from '../pdf/values.ts'
import type { Change, ChangeClass } from './change.ts'
import { GraphComparison } from './graph-comparison.ts'

/** Keys under which fields and annotations are referred to as such. */
const markKeys = new Set(['Annots', 'Kids', 'Parent', 'Fields', 'CO', 'Popup', 'IRT', 'Obj', 'T'])

/** One revision with its form nodes and pages by object number. */
export type Side = { snapshot: Snapshot; nodes: FormNode[]; nodesByNum: Map<number, FormNode>; pages: Page[] }

/** Reads the parts of a revision that have rules of their own. */
export function readSide(snapshot: Snapshot): Side {
  const nodes = listFormNodes(snapshot)
  const nodesByNum = new Map(nodes.flatMap((node) => (node.num === undefined ? [] : [[node.num, node]])))
  return { snapshot, nodes, nodesByNum, pages: listPages(snapshot) }
}

/** Whether a signature that came later is one: a value that fits where it stands and, if it shows something, that verifies. */
export type IsSoundSignature = (dict: PdfDict, isVisible: boolean) => boolean

export class Comparison {
  readonly before: Side
  readonly after: Side
  readonly changes: Change[] = []
  readonly explained = new Set<number>()
  /** Object numbers of the signature fields that are new in the later revision. */
  readonly newFields = new Set<number>()
  readonly isSound: IsSoundSignature
  private readonly pageNums = new Set<number>()
  private readonly markNums = new Set<number>()
  private readonly graph: GraphComparison
  private readonly equalContent = new Set<string>()

  constructor(before: Side, after: Side, isSound: IsSoundSignature) {
    this.before = before
    this.after = after
    this.isSound = isSound
    const root = before.snapshot.trailer.entries.get('Root')
    if (isKind(root, 'ref')) this.pageNums.add(root.num)
    for (const num of before.nodesByNum.keys()) this.markNums.add(num)
    for (const page of before.pages) {
      if (page.num !== undefined) this.pageNums.add(page.num)
      for (const item of itemsOf(before.snapshot, page.dict.entries.get('Annots'))) if (isKind(item, 'ref')) this.markNums.add(item.num)
    }
    this.graph = this.createGraph()
  }

  // What may change in a field or a remark is harmless only where it serves as one: an object that is also something else is that, too.
  private createGraph(): GraphComparison {
    return new GraphComparison(
      this.before.snapshot,
      this.after.snapshot,
      (num, key) => this.pageNums.has(num) || (this.markNums.has(num) && markKeys.has(key)),
      this.equalContent,
    )
  }

  /** Notes a change. */
  add(changeClass: ChangeClass, where: string, details: Pick<Change, 'field' | 'showsNewField'> = {}): void {
    this.changes.push({ class: changeClass, where, ...details })
  }

  /** Whatever differs below this place is a change that no rule permits. */
  requireEqual(before: PdfValue | undefined, after: PdfValue | undefined, where: string, isContent = false): void {
    const known = this.graph.differences.length
    this.graph.compare(before, after, where, isContent)
    for (const difference of this.graph.differences.slice(known)) this.add('undefined', difference.where)
  }

  /** Whether anything differs below this place; notes nothing. Content is compared to the bottom. */
  differs(before: PdfValue | undefined, after: PdfValue | undefined, isContent = false, key = ''): boolean {
    if (before === after && !mayLead(before)) return false
    const graph = this.createGraph()
    graph.compare(before, after, key, isContent)
    if (graph.differences.length > 0) return true
    for (const pair of graph.contentPairs()) this.equalContent.add(pair)
    return false
  }

  /** The chain of references of a permitted change: their replacement is accounted for. */
  explain(value: PdfValue | undefined): void {
    if (isKind(value, 'ref')) this.explained.add(value.num)
  }

  /** All that a permitted new value leads to is accounted for, down to pages and fields. Values met before are left out. */
  explainAll(value: PdfValue | undefined, depth = 0): void {
    this.before.snapshot.file.budget.spend('maxComparedValues', 1)
    if (isKind(value, 'ref')) {
      if (this.explained.has(value.num) || this.pageNums.has(value.num) || this.markNums.has(value.num)) return
      this.explained.add(value.num)
    }
    const found = this.after.snapshot.resolve(value)
    if (depth > 64) return
    if (isKind(found, 'array')) for (const item of found.items) this.explainAll(item, depth + 1)
    const dict = isKind(found, 'stream') ? found.dict : isKind(found, 'dict') ? found : undefined
    for (const item of dict?.entries.values() ?? []) this.explainAll(item, depth + 1)
  }
}

// Whether anything behind a value may differ although the value is the same: it leads to other objects.
function mayLead(value: PdfValue | undefined): boolean {
  if (isKind(value, 'array')) return value.items.some((item) => typeof item === 'object' && item !== null)
  return isKind(value, 'ref') || isKind(value, 'dict') || isKind(value, 'stream')
}

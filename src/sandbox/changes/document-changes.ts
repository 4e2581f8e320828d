// Everything that differs between a signed revision and a later one, classed. What no rule permits is `undefined`:
// the rules name what may change, not what may not.
import type { Snapshot } from '../pdf/snapshot.ts'
import type { PdfValue } from '../pdf/values.ts'
import { isKind, nameOf } from '../pdf/values.ts'
import { compareAnnotations } from './annotation-changes.ts'
import { compareCatalog } from './catalog-changes.ts'
import type { Change } from './change.ts'
import type { IsSoundSignature, Side } from './comparison.ts'
import { Comparison } from './comparison.ts'
import { compareField } from './field-changes.ts'
import { isWrittenAlike } from './graph-comparison.ts'
import { isSameEntry } from './update-segment.ts'

/** All changes from one revision to a later one, in no order. Throws PdfRefusal when the work is more than allowed. */
export function compareRevisions(before: Side, after: Side, isSound: IsSoundSignature): Change[] {
  const comparison = new Comparison(before, after, isSound)
  compareCatalog(comparison)
  compareForms(comparison)
  comparePages(comparison)
  findUnexplained(comparison)
  return comparison.changes
}

function compareForms(comparison: Comparison): void {
  for (const node of comparison.before.nodes) {
    if (node.num === undefined) continue
    const other = comparison.after.nodesByNum.get(node.num)
    if (other === undefined || other.name !== node.name || other.type !== node.type)
      comparison.add('undefined', `field ${node.name}`, { field: node.name })
    else compareField(comparison, node, other)
  }
}

function comparePages(comparison: Comparison): void {
  const { before, after } = comparison
  if (before.pages.length !== after.pages.length) return comparison.add('undefined', 'the number of pages')
  for (const [index, page] of before.pages.entries()) {
    const other = after.pages[index]
    const where = `page ${index + 1}`
    if (other === undefined || other.num !== page.num) comparison.add('undefined', where)
    else if (page.num !== undefined) {
      comparison.explained.add(page.num)
      if (other.dict !== page.dict && other.dict.repeatedKeys.length > 0) comparison.add('undefined', `${where} (repeated key)`)
      for (const key of new Set([...page.dict.entries.keys(), ...other.dict.entries.keys()])) {
        const isContent = key === 'Contents' || key === 'Resources'
        if (key !== 'Annots') comparison.requireEqual(page.dict.entries.get(key), other.dict.entries.get(key), `${where}/${key}`, isContent)
      }
      compareAnnotations(comparison, page, other, where)
    }
  }
}

// Objects that were replaced without any permitted change leading to them. Nothing may reach them in our reading; another reader's may.
function findUnexplained(comparison: Comparison): void {
  const [before, after] = [comparison.before.snapshot, comparison.after.snapshot]
  for (const num of listRewritten(before, after)) {
    const [old, entry] = [before.entry(num), after.entry(num)]
    if (old === undefined || old.type === 'free' || entry?.type === 'free' || isSameEntry(old, entry)) continue
    const [oldValue, newValue] = [before.object(num)?.value, after.object(num)?.value]
    if (isWrittenAlike(oldValue, newValue)) continue
    // What lives in an object stream would change with it, whatever its own entry says.
    if (isOfType(oldValue, 'ObjStm')) comparison.add('undefined', `object stream ${num} replaced`)
    else if (comparison.explained.has(num) || (isOfType(oldValue, 'XRef') && isOfType(newValue, 'XRef'))) continue
    else if (comparison.differs(oldValue, newValue, true)) comparison.add('undefined', `object ${num} replaced`)
  }
}

function listRewritten(before: Snapshot, after: Snapshot): Set<number> {
  const later = after.sections.filter((section) => !before.sections.includes(section))
  for (const section of later) after.file.budget.spend('maxComparedValues', section.entries.size)
  return new Set(later.flatMap((section) => [...section.entries.keys()]))
}

function isOfType(value: PdfValue | undefined, type: string): boolean {
  return isKind(value, 'stream') && nameOf(value.dict.entries.get('Type')) === type
}

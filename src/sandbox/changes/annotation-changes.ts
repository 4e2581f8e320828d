// What may change among the annotations of a page after a signature: remarks come, go and change; widgets of new signature fields come.
// Only subtypes that remark on content count as annotations. Those that show content of their own (free text, stamps, links …) do not:
// a reader could not tell them from what was signed.
import { itemsOf } from '../pdf/form-fields.ts'
import type { Page } from '../pdf/pages.ts'
import type { PdfDict, PdfValue } from '../pdf/values.ts'
import { isKind, nameOf } from '../pdf/values.ts'
import type { Comparison } from './comparison.ts'

const remarkSubtypes = new Set(['Text', 'Highlight', 'Underline', 'Squiggly', 'StrikeOut', 'Ink', 'Caret', 'Popup'])

/** Compares the annotations of one page. */
export function compareAnnotations(comparison: Comparison, before: Page, after: Page, where: string): void {
  const newValue = after.dict.entries.get('Annots')
  const oldItems = nameItems(itemsOf(comparison.before.snapshot, before.dict.entries.get('Annots')))
  const newItems = nameItems(itemsOf(comparison.after.snapshot, newValue))
  const [kept, remaining] = [
    [...newItems.keys()].filter((name) => oldItems.has(name)),
    [...oldItems.keys()].filter((name) => newItems.has(name)),
  ]
  if (remaining.some((name, index) => name !== kept[index])) comparison.add('undefined', `${where}: annotations in another order`)
  for (const [name, item] of oldItems) {
    if (newItems.has(name)) compareKept(comparison, item, newItems.get(name), where)
    else noteRemark(comparison, comparison.before.snapshot.dict(item), `${where}: removed annotation`)
  }
  for (const [name, item] of newItems) if (!oldItems.has(name)) judgeNew(comparison, item, where)
  comparison.explain(newValue)
}

// References are known by their number; what is written directly into the list, by its place among its like.
function nameItems(items: readonly PdfValue[]): Map<string, PdfValue> {
  let direct = 0
  return new Map(items.map((item) => [isKind(item, 'ref') ? `${item.num} ${item.gen}` : `direct ${direct++}`, item]))
}

function judgeNew(comparison: Comparison, item: PdfValue, where: string): void {
  if (isKind(item, 'ref') && comparison.newFields.has(item.num)) return
  noteRemark(comparison, comparison.after.snapshot.dict(item), `${where}: new annotation`)
  comparison.explainAll(item)
}

function compareKept(comparison: Comparison, item: PdfValue, other: PdfValue | undefined, where: string): void {
  if (!isKind(item, 'ref')) return comparison.requireEqual(item, other, `${where}/Annots`)
  // Fields and their widgets have been compared with the form.
  if (comparison.before.nodesByNum.has(item.num)) return
  const before = comparison.before.snapshot.object(item.num)?.value
  const after = comparison.after.snapshot.object(item.num)?.value
  // Both sides are the object itself, so its own rule does not apply to it a second time.
  if (!comparison.differs(before, after)) return
  const subtypes = [before, after].map((value) => (isKind(value, 'dict') ? nameOf(value.entries.get('Subtype')) : undefined))
  if (subtypes[0] !== subtypes[1]) return comparison.add('undefined', `${where}: annotation of another kind`)
  noteRemark(comparison, isKind(after, 'dict') ? after : undefined, `${where}: changed annotation`)
  comparison.explainAll(after)
  comparison.explained.add(item.num)
}

function noteRemark(comparison: Comparison, dict: PdfDict | undefined, what: string): void {
  const subtype = nameOf(dict?.entries.get('Subtype'))
  const isRemark =
    subtype !== undefined && remarkSubtypes.has(subtype) && dict?.entries.get('A') === undefined && dict?.entries.get('AA') === undefined
  comparison.add(isRemark && !showsContent(comparison, dict) ? 'annotation' : 'undefined', `${what} (${subtype ?? 'unknown'})`)
}

// Text or pictures in the look of a remark would read as part of the page.
function showsContent(comparison: Comparison, dict: PdfDict | undefined): boolean {
  if (nameOf(dict?.entries.get('Subtype')) === 'Text') return false
  const normal = comparison.after.snapshot.resolve(comparison.after.snapshot.dict(dict?.entries.get('AP'))?.entries.get('N'))
  if (normal === null) return false
  if (!isKind(normal, 'stream')) return true
  const resources = comparison.after.snapshot.dict(normal.dict.entries.get('Resources'))
  return ['Font', 'XObject', 'Pattern'].some((key) => (comparison.after.snapshot.dict(resources?.entries.get(key))?.entries.size ?? 0) > 0)
}

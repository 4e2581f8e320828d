// What may change in a form field after a signature: a value is filled in, together with how it looks; a signature field is signed.
// Where it stands, what it does and what it is called may not. Whether a change is permitted by DocMDP and FieldMDP is permissions.ts.
import type { FormNode } from '../pdf/form-fields.ts'
import type { PdfDict, PdfValue } from '../pdf/values.ts'
import { isKind, nameOf, textOf } from '../pdf/values.ts'
import type { Comparison } from './comparison.ts'

/** A visible signature this large would pass for the page itself. */
const MAX_SHARE_OF_PAGE = 0.3

/** Keys that change along with a value. */
const valueKeys = new Set(['V', 'AP', 'AS', 'M', 'I', 'RV', 'TI', 'NM'])
const signedFieldKeys = new Set(['V', 'AP', 'AS', 'M', 'F', 'MK', 'DA', 'DR', 'NM'])
const newFieldKeys = new Set('Type Subtype FT T TU TM V Ff F Rect P AP AS M MK DA DR Q Lock SV Border BS H NM'.split(' '))

/** Compares a field or widget that both revisions have under one object number. */
export function compareField(comparison: Comparison, before: FormNode, after: FormNode): void {
  const where = `field ${before.name}`
  if (before.type === 'Sig') return compareSignatureField(comparison, before, after, where)
  // A parent's value is its widgets' too: what a widget shows may change when either does.
  const isFilled = isDifferent(comparison, before.value, after.value)
  const changed = changedKeys(comparison, before.dict, after.dict)
  if (changed.length === 0) return
  const isPermitted = isFilled && !before.readOnly && changed.every((key) => valueKeys.has(key)) && isKnownState(comparison, after)
  if (!isPermitted)
    return comparison.add('undefined', `${where}/${changed.find((key) => !valueKeys.has(key)) ?? changed[0] ?? ''}`, { field: before.name })
  explainNode(comparison, after, changed)
  comparison.add('form_fill', where, { field: before.name })
}

function compareSignatureField(comparison: Comparison, before: FormNode, after: FormNode, where: string): void {
  const changed = changedKeys(comparison, before.dict, after.dict)
  if (changed.length === 0) return
  const isSigned = comparison.before.snapshot.resolve(before.value) === null && isSound(comparison, after)
  if (!isSigned || changed.some((key) => !signedFieldKeys.has(key)))
    return comparison.add('undefined', `${where}/${changed[0] ?? ''}`, { field: before.name })
  explainNode(comparison, after, changed)
  comparison.add(isDocumentTimestamp(comparison, after.value) ? 'validation' : 'form_fill', where, { field: before.name })
}

/** A field that only the later revision has: permitted if it is a signature field that does nothing but sign. */
export function judgeNewField(comparison: Comparison, field: PdfValue): void {
  const node = isKind(field, 'ref') ? comparison.after.nodesByNum.get(field.num) : undefined
  if (node?.num === undefined) return comparison.add('undefined', 'a new field')
  const fault = findFault(comparison, node)
  if (fault !== undefined) return comparison.add('undefined', `new field ${node.name} ${fault}`, { field: node.name })
  comparison.newFields.add(node.num)
  explainNode(comparison, node, ['V', 'AP', 'Lock', 'SV', 'MK', 'DR'])
  const showsNewField = areaOf(comparison, node.dict.entries.get('Rect')) > 0
  const isSilent = isDocumentTimestamp(comparison, node.value) && !showsNewField
  comparison.add(isSilent ? 'validation' : 'form_fill', `new field ${node.name}`, { showsNewField })
}

function findFault(comparison: Comparison, node: FormNode): string | undefined {
  const oddKey = [...node.dict.entries.keys()].find((key) => !newFieldKeys.has(key)) ?? node.dict.repeatedKeys[0]
  if (node.type !== 'Sig') return 'is no signature field'
  if (oddKey !== undefined) return `has an odd entry ${oddKey}`
  if (comparison.before.nodes.some((other) => other.name === node.name)) return 'takes the name of another'
  if (node.num === undefined || comparison.before.snapshot.object(node.num) !== undefined) return 'takes the place of another object'
  const area = areaOf(comparison, node.dict.entries.get('Rect'))
  const pageArea = Math.max(...comparison.before.pages.map((page) => areaOf(comparison, page.mediaBox)))
  if (!(area <= pageArea * MAX_SHARE_OF_PAGE)) return 'covers a great part of a page'
  const isEmpty = comparison.after.snapshot.resolve(node.value) === null
  if (isEmpty) return area > 0 && node.dict.entries.has('AP') ? 'shows something but is not signed' : undefined
  return isSound(comparison, node) ? undefined : 'holds no sound signature'
}

/** In square units of the page; NaN for what is no rectangle. */
function areaOf(comparison: Comparison, value: PdfValue | undefined): number {
  const rect = comparison.after.snapshot.resolve(value)
  if (!isKind(rect, 'array') || rect.items.length !== 4) return value === undefined ? 0 : Number.NaN
  const [left, bottom, right, top] = rect.items.map((item) => comparison.after.snapshot.resolve(item))
  if (typeof left !== 'number' || typeof bottom !== 'number' || typeof right !== 'number' || typeof top !== 'number') return Number.NaN
  return Math.abs(right - left) * Math.abs(top - bottom)
}

function isSound(comparison: Comparison, node: FormNode): boolean {
  const dict = comparison.after.snapshot.resolve(node.value)
  const isTaken = comparison.before.nodes.some((other) => comparison.before.snapshot.resolve(other.value) === dict)
  return isKind(dict, 'dict') && !isTaken && comparison.isSound(dict, areaOf(comparison, node.dict.entries.get('Rect')) !== 0)
}

function isDocumentTimestamp(comparison: Comparison, value: PdfValue | undefined): boolean {
  const dict = comparison.after.snapshot.dict(value)
  return nameOf(dict?.entries.get('Type')) === 'DocTimeStamp' || nameOf(dict?.entries.get('SubFilter')) === 'ETSI.RFC3161'
}

function changedKeys(comparison: Comparison, before: PdfDict, after: PdfDict): string[] {
  const keys = [...new Set([...before.entries.keys(), ...after.entries.keys()])]
  comparison.before.snapshot.file.budget.spend('maxComparedValues', keys.length)
  const changed = keys.filter((key) =>
    comparison.differs(before.entries.get(key), after.entries.get(key), key === 'AP' || key === 'DR' || key === 'MK', key),
  )
  return before !== after && after.repeatedKeys.length > 0 ? [...changed, after.repeatedKeys[0] ?? ''] : changed
}

function isDifferent(comparison: Comparison, before: PdfValue | undefined, after: PdfValue | undefined): boolean {
  const one = comparison.before.snapshot.resolve(before)
  const other = comparison.after.snapshot.resolve(after)
  const isText = isKind(one, 'string') && isKind(other, 'string')
  return isText ? textOf(one) !== textOf(other) : comparison.differs(one, other)
}

// A check box may only take a look that it has.
function isKnownState(comparison: Comparison, node: FormNode): boolean {
  const state = nameOf(comparison.after.snapshot.resolve(node.dict.entries.get('AS')))
  if (node.type !== 'Btn' || state === undefined || state === 'Off') return true
  const looks = comparison.after.snapshot.dict(node.dict.entries.get('AP'))
  const normal = comparison.after.snapshot.resolve(looks?.entries.get('N'))
  return !isKind(normal, 'dict') || normal.entries.has(state)
}

function explainNode(comparison: Comparison, node: FormNode, keys: string[]): void {
  if (node.num !== undefined) comparison.explained.add(node.num)
  for (const key of keys) comparison.explainAll(node.dict.entries.get(key))
}

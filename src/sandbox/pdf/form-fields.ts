// Walks the interactive form (ISO 32000-2, 12.7): every field and widget with its full name and what it inherits.
import type { Snapshot } from './snapshot.ts'
import type { PdfDict, PdfValue } from './values.ts'
import { integerOf, isKind, nameOf, textOf } from './values.ts'

const MAX_NODES = 20_000
const MAX_DEPTH = 32
const READ_ONLY_FLAG = 1

/**
 * A field, a widget or both in one. `num` is its object number; undefined for one written directly into its parent.
 * `value` and `type` are inherited where not its own; `value` is not resolved.
 */
export type FormNode = {
  num: number | undefined
  dict: PdfDict
  name: string
  type: string | undefined
  value: PdfValue | undefined
  readOnly: boolean
}

type Inherited = { name: string; type: string | undefined; value: PdfValue | undefined; flags: number }

/** All nodes of the form, each once. A form beyond 20,000 nodes or 32 levels is cut there. */
export function listFormNodes(snapshot: Snapshot): FormNode[] {
  const nodes: FormNode[] = []
  const visited = new Set<PdfDict>()
  const visit = (value: PdfValue, parent: Inherited, depth: number): void => {
    const dict = snapshot.resolve(value)
    if (!isKind(dict, 'dict') || visited.has(dict) || nodes.length >= MAX_NODES || depth > MAX_DEPTH) return
    visited.add(dict)
    // Six entries are looked up for each.
    snapshot.file.budget.spend('maxComparedValues', 6)
    const own = inherit(snapshot, dict, parent)
    const num = isKind(value, 'ref') ? value.num : undefined
    nodes.push({ num, dict, name: own.name, type: own.type, value: own.value, readOnly: (own.flags & READ_ONLY_FLAG) !== 0 })
    for (const kid of itemsOf(snapshot, dict.entries.get('Kids'))) visit(kid, own, depth + 1)
  }
  const form = snapshot.dict(snapshot.catalog()?.entries.get('AcroForm'))
  for (const field of itemsOf(snapshot, form?.entries.get('Fields')))
    visit(field, { name: '', type: undefined, value: undefined, flags: 0 }, 0)
  return nodes
}

function inherit(snapshot: Snapshot, dict: PdfDict, parent: Inherited): Inherited {
  const partial = textOf(snapshot.resolve(dict.entries.get('T')))
  return {
    name: partial === undefined ? parent.name : parent.name === '' ? partial : `${parent.name}.${partial}`,
    type: nameOf(snapshot.resolve(dict.entries.get('FT'))) ?? parent.type,
    value: dict.entries.get('V') ?? parent.value,
    flags: integerOf(snapshot.resolve(dict.entries.get('Ff'))) ?? parent.flags,
  }
}

/** The items of an array behind a value; none for anything else. */
export function itemsOf(snapshot: Snapshot, value: PdfValue | undefined): PdfValue[] {
  const array = snapshot.resolve(value)
  return isKind(array, 'array') ? array.items : []
}

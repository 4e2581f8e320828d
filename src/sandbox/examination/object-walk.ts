// Visits every dictionary that the catalog leads to, each once, loops included. What is found in one is the visitors'.
import type { Snapshot } from '../pdf/snapshot.ts'
import type { PdfDict, PdfValue } from '../pdf/values.ts'
import { isKind } from '../pdf/values.ts'

/**
 * A dictionary, or that of a stream. `object`: the indirect object that it stands in, as `12 0`. `isDefault`: only the form's default
 * resources lead to it, which need not show anything.
 */
export type Visited = { dict: PdfDict; isStream: boolean; object: string; isDefault: boolean }

type Pending = { value: PdfValue | undefined; object: string }

/** Calls `visit` for all of them. Throws PdfRefusal past a limit of the file's budget. */
export function walkObjects(snapshot: Snapshot, visit: (visited: Visited) => void): void {
  const known = new Set<string>()
  const defaults: Pending[] = []
  const run = (first: readonly Pending[], isDefault: boolean): void => {
    // A list and not the stack: chains of objects may be as long as the file.
    const pending = [...first]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { value } = next
      snapshot.file.budget.spend('maxComparedValues', 1)
      const object = isKind(value, 'ref') ? `${value.num} ${value.gen}` : next.object
      if (isKind(value, 'ref')) {
        if (known.has(object)) continue
        known.add(object)
      }
      const found = snapshot.resolve(value)
      if (isKind(found, 'array')) for (const item of found.items.toReversed()) push(pending, item, object)
      const dict = isKind(found, 'stream') ? found.dict : found
      if (!isKind(dict, 'dict')) continue
      visit({ dict, isStream: isKind(found, 'stream'), object, isDefault })
      for (const [key, item] of [...dict.entries].toReversed()) push(key === 'DR' && !isDefault ? defaults : pending, item, object)
    }
  }
  run([{ value: snapshot.trailer.entries.get('Root'), object: 'trailer' }], false)
  run(defaults, true)
}

function push(pending: Pending[], value: PdfValue, object: string): void {
  if (typeof value === 'object' && value !== null && !isKind(value, 'name') && !isKind(value, 'string')) pending.push({ value, object })
}

// Walks the page tree (ISO 32000-2, 7.7.3). A loop or a page met twice is left out.
import { itemsOf } from './form-fields.ts'
import type { Snapshot } from './snapshot.ts'
import type { PdfDict, PdfValue } from './values.ts'
import { isKind } from './values.ts'

const MAX_DEPTH = 64

/** `num` is the page's object number; undefined for one written directly into its parent. `mediaBox` is inherited where not its own. */
export type Page = { num: number | undefined; dict: PdfDict; mediaBox: PdfValue | undefined }

/** All pages in order. Bounded by the snapshot's budget. */
export function listPages(snapshot: Snapshot): Page[] {
  const pages: Page[] = []
  const visited = new Set<PdfDict>()
  const visit = (value: PdfValue | undefined, inheritedBox: PdfValue | undefined, depth: number): void => {
    const dict = snapshot.resolve(value)
    if (!isKind(dict, 'dict') || visited.has(dict) || depth > MAX_DEPTH) return
    visited.add(dict)
    snapshot.file.budget.spend('maxComparedValues', 1)
    const mediaBox = dict.entries.get('MediaBox') ?? inheritedBox
    if (!dict.entries.has('Kids')) pages.push({ num: isKind(value, 'ref') ? value.num : undefined, dict, mediaBox })
    else for (const kid of itemsOf(snapshot, dict.entries.get('Kids'))) visit(kid, mediaBox, depth + 1)
  }
  visit(snapshot.catalog()?.entries.get('Pages'), undefined, 0)
  return pages
}

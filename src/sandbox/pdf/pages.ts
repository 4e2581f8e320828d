// Walks the page tree (ISO 32000-2, 7.7.3). A loop or a page met twice is left out.
import { itemsOf } from './form-fields.ts'
import type { Snapshot } from './snapshot.ts'
import type { PdfDict, PdfValue } from './values.ts'
import { isKind } from './values.ts'

const MAX_DEPTH = 64

/** `num` is the page's object number; undefined for one written directly into its parent. The other values are inherited where not its own. */
export type Page = { num: number | undefined; dict: PdfDict } & Inherited
type Inherited = { mediaBox: PdfValue | undefined; cropBox: PdfValue | undefined; rotation: PdfValue | undefined }

/** All pages in order. Bounded by the snapshot's budget. */
export function listPages(snapshot: Snapshot): Page[] {
  const pages: Page[] = []
  const visited = new Set<PdfDict>()
  const visit = (value: PdfValue | undefined, parent: Inherited, depth: number): void => {
    const dict = snapshot.resolve(value)
    if (!isKind(dict, 'dict') || visited.has(dict) || depth > MAX_DEPTH) return
    visited.add(dict)
    snapshot.file.budget.spend('maxComparedValues', 1)
    const own = {
      mediaBox: dict.entries.get('MediaBox') ?? parent.mediaBox,
      cropBox: dict.entries.get('CropBox') ?? parent.cropBox,
      rotation: dict.entries.get('Rotate') ?? parent.rotation,
    }
    if (!dict.entries.has('Kids')) pages.push({ num: isKind(value, 'ref') ? value.num : undefined, dict, ...own })
    else for (const kid of itemsOf(snapshot, dict.entries.get('Kids'))) visit(kid, own, depth + 1)
  }
  visit(snapshot.catalog()?.entries.get('Pages'), { mediaBox: undefined, cropBox: undefined, rotation: undefined }, 0)
  return pages
}

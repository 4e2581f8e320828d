// Where form fields and signatures show themselves on the pages of a revision: there it may look different later without the page being another.
import { itemsOf } from '../pdf/form-fields.ts'
import type { OpenedPdf } from '../pdf/open-pdf.ts'
import { listPages, type Page } from '../pdf/pages.ts'
import type { Snapshot } from '../pdf/snapshot.ts'
import type { PdfValue } from '../pdf/values.ts'
import { integerOf, nameOf } from '../pdf/values.ts'

/** Left, bottom, right, top in units of the page. */
export type Box = readonly [number, number, number, number]
/** `box` is what is shown of the page; `rotation` in quarter turns clockwise. */
export type PageAreas = { box: Box; rotation: number; widgets: readonly Box[] }

/** What of a page new fields may take (as the judge of later changes has it): more is not left out of a comparison. */
const maxNewShare = 0.25
const letter: Box = [0, 0, 612, 792]

/** The areas of the first pages. Throws PdfRefusal past a limit. */
export function listFormAreas({ current }: OpenedPdf, most: number): PageAreas[] {
  return listPages(current)
    .slice(0, most)
    .map((page) => {
      const items = itemsOf(current, page.dict.entries.get('Annots'))
      current.file.budget.spend('maxComparedValues', items.length)
      const widgets = items.flatMap((item) => {
        const dict = current.dict(item)
        const isWidget = nameOf(current.resolve(dict?.entries.get('Subtype'))) === 'Widget'
        const box = isWidget ? boxOf(current, dict?.entries.get('Rect')) : undefined
        return box === undefined ? [] : [box]
      })
      return { ...placeOf(current, page), widgets }
    })
}

/** The boxes that are left out when a page is compared with what it was: all fields of then, and new ones of modest size. */
export function areasLeftOut(before: PageAreas, after: PageAreas): Box[] {
  const known = new Set(before.widgets.map(String))
  const added = after.widgets.filter((box) => !known.has(String(box)))
  const isModest = added.reduce((sum, box) => sum + areaOf(box), 0) <= areaOf(after.box) * maxNewShare
  return [...before.widgets, ...(isModest ? added : [])]
}

/** What is shown of a page, and how it is turned. */
export function placeOf(snapshot: Snapshot, page: Page): Omit<PageAreas, 'widgets'> {
  const media = boxOf(snapshot, page.mediaBox) ?? letter
  const crop = boxOf(snapshot, page.cropBox) ?? media
  const box: Box = [Math.max(media[0], crop[0]), Math.max(media[1], crop[1]), Math.min(media[2], crop[2]), Math.min(media[3], crop[3])]
  const quarters = (integerOf(snapshot.resolve(page.rotation)) ?? 0) / 90
  return { box: areaOf(box) > 0 ? box : media, rotation: Number.isInteger(quarters) ? ((quarters % 4) + 4) % 4 : 0 }
}

/** A rectangle with its corners in order; undefined for anything else. */
export function boxOf(snapshot: Snapshot, value: PdfValue | undefined): Box | undefined {
  const [left, bottom, right, top] = itemsOf(snapshot, value).map((item) => snapshot.resolve(item))
  if (typeof left !== 'number' || typeof bottom !== 'number' || typeof right !== 'number' || typeof top !== 'number') return undefined
  return [Math.min(left, right), Math.min(bottom, top), Math.max(left, right), Math.max(bottom, top)]
}

function areaOf([left, bottom, right, top]: Box): number {
  return Math.max(0, right - left) * Math.max(0, top - bottom)
}

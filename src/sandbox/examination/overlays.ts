// Annotations that by what their dictionaries say lie over page content, or are there on screen or in print alone (ISO 32000-2, 12.5). Links, notes,
// form fields and signatures in their ordinary use are none. What is really covered when they are drawn is covered-content.ts'.
import type { Examination } from '../../contracts/examination.ts'
import { itemsOf } from '../pdf/form-fields.ts'
import type { Page } from '../pdf/pages.ts'
import type { Snapshot } from '../pdf/snapshot.ts'
import type { PdfDict, PdfValue } from '../pdf/values.ts'
import { integerOf, isKind, nameOf } from '../pdf/values.ts'
import { boxOf, placeOf, type Box, type PageAreas } from './form-areas.ts'

type Overlay = Examination['overlays'][number]

const ordinary = new Set(['Link', 'Popup', 'Text', 'PrinterMark', 'TrapNet', 'FileAttachment'])
/** They mark what is there: seen through, unless their look holds text or pictures of its own. */
const marks = new Set(['Highlight', 'Underline', 'Squiggly', 'StrikeOut', 'Ink', 'Line', 'Caret', 'PolyLine'])
/** They stand beside what is there, or over it as everybody sees, unless they are filled: under which key the colour stands. */
const fills: Readonly<Record<string, string>> = { FreeText: 'C', Square: 'IC', Circle: 'IC', Polygon: 'IC', Stamp: 'IC' }
const pushButton = 65_536
const maxFieldDepth = 32
const maxLookDepth = 4
const flags = { hidden: 2, print: 4, noView: 32 } as const

/** The overlays of one page, numbered from 1; `most` of them at most. `pageObject` stands for what is written into the page itself. */
export function listOverlays(snapshot: Snapshot, page: Page, number: number, most: number): Overlay[] {
  const found: Overlay[] = []
  const items = itemsOf(snapshot, page.dict.entries.get('Annots'))
  snapshot.file.budget.spend('maxComparedValues', items.length)
  for (const item of items) {
    if (found.length >= most) break
    const dict = snapshot.dict(item)
    const why = dict === undefined ? undefined : judge(snapshot, dict)
    if (why !== undefined) found.push({ page: number, object: nameObject(item, page), why })
  }
  return found
}

/** An annotation that readers draw: where, on which page. `isDrawn`: PDFium is among them. */
export type DrawnAnnotation = {
  page: number
  object: string
  kind: string
  box: Box
  place: Pick<PageAreas, 'box' | 'rotation'>
  isDrawn: boolean
}

/** Those of one page that may cover something, in the order in which they are drawn; `most` of them at most. */
export function listDrawn(snapshot: Snapshot, page: Page, number: number, most: number): DrawnAnnotation[] {
  const drawn: DrawnAnnotation[] = []
  const items = itemsOf(snapshot, page.dict.entries.get('Annots'))
  snapshot.file.budget.spend('maxComparedValues', items.length)
  for (const item of items) {
    const dict = snapshot.dict(item)
    const box = boxOf(snapshot, dict?.entries.get('Rect'))
    if (drawn.length >= most || dict === undefined || box === undefined || !mayShow(snapshot, dict)) continue
    const kind = (nameOf(snapshot.resolve(dict.entries.get('Subtype'))) ?? 'unknown').slice(0, 40)
    const isDrawn = kind !== 'Widget' || isDrawnField(snapshot, dict)
    drawn.push({ page: number, object: nameObject(item, page), kind, box, place: placeOf(snapshot, page), isDrawn })
  }
  return drawn
}

/** PDFium draws no field without a type, and none that can be ticked with but one look; whoever goes by the look alone draws both. */
function isDrawnField(snapshot: Snapshot, widget: PdfDict): boolean {
  const look = snapshot.resolve(snapshot.dict(widget.entries.get('AP'))?.entries.get('N'))
  if (look === null) return true
  let [type, bits]: [string | undefined, number | undefined] = [undefined, undefined]
  let dict: PdfDict | undefined = widget
  for (let depth = 0; dict !== undefined && depth < maxFieldDepth; depth++) {
    type ??= nameOf(snapshot.resolve(dict.entries.get('FT')))
    bits ??= integerOf(snapshot.resolve(dict.entries.get('Ff')))
    dict = snapshot.dict(dict.entries.get('Parent'))
  }
  return type !== undefined && (type !== 'Btn' || ((bits ?? 0) & pushButton) !== 0 || !isKind(look, 'stream'))
}

/** A link shows at most a border, unless it has a look of its own. */
function mayShow(snapshot: Snapshot, dict: PdfDict): boolean {
  const subtype = nameOf(snapshot.resolve(dict.entries.get('Subtype')))
  const bits = integerOf(snapshot.resolve(dict.entries.get('F'))) ?? 0
  const isHidden = (bits & (flags.hidden | flags.noView)) !== 0
  return !isHidden && subtype !== 'Popup' && hasArea(snapshot, dict) && (subtype !== 'Link' || dict.entries.has('AP'))
}

function nameObject(item: PdfValue, page: Page): string {
  if (isKind(item, 'ref')) return `${item.num} ${item.gen}`
  return page.num === undefined ? 'page' : `${page.num} 0`
}

function judge(snapshot: Snapshot, dict: PdfDict): string | undefined {
  const subtype = nameOf(snapshot.resolve(dict.entries.get('Subtype'))) ?? 'unknown'
  const bits = integerOf(snapshot.resolve(dict.entries.get('F'))) ?? 0
  const look = snapshot.resolve(snapshot.dict(dict.entries.get('AP'))?.entries.get('N'))
  if (ordinary.has(subtype) || look === null || !hasArea(snapshot, dict)) return undefined
  const kind = subtype.slice(0, 40)
  const isPrintOnly = (bits & flags.noView) !== 0 && (bits & flags.print) !== 0
  if (isPrintOnly) return `${kind}: shown in print only`
  // A field that is hidden or not printed is an everyday thing.
  if (subtype === 'Widget') return undefined
  if ((bits & (flags.hidden | flags.noView)) !== 0) return `${kind}: hidden until something shows it`
  if (marks.has(subtype) && !showsContent(snapshot, look)) return undefined
  if ((bits & flags.print) === 0) return `${kind}: shown on screen, but not in print`
  const fill = Object.hasOwn(fills, subtype) ? fills[subtype] : undefined
  const isClear = fill !== undefined && itemsOf(snapshot, dict.entries.get(fill)).length === 0
  return isClear ? undefined : `${kind}: hides what is below it`
}

function hasArea(snapshot: Snapshot, dict: PdfDict): boolean {
  const [left, bottom, right, top] = itemsOf(snapshot, dict.entries.get('Rect')).map((item) => snapshot.resolve(item))
  return typeof left === 'number' && typeof right === 'number' && left !== right && bottom !== top
}

function showsContent(snapshot: Snapshot, look: PdfValue, depth = 0): boolean {
  if (!isKind(look, 'stream')) return true
  const resources = snapshot.dict(look.dict.entries.get('Resources'))
  const named = (key: string): PdfValue[] => [...(snapshot.dict(resources?.entries.get(key))?.entries.values() ?? [])]
  if (named('Font').length > 0 || named('Pattern').length > 0) return true
  // Highlights are often a form within a form, so that they can be laid over as a whole.
  return named('XObject').some((value) => {
    snapshot.file.budget.spend('maxComparedValues', 1)
    const inner = snapshot.resolve(value)
    const isForm = isKind(inner, 'stream') && nameOf(snapshot.resolve(inner.dict.entries.get('Subtype'))) === 'Form'
    return !isForm || depth >= maxLookDepth || showsContent(snapshot, inner, depth + 1)
  })
}

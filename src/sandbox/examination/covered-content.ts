// Whether annotations cover what is on a page, whatever their dictionaries say: the page is drawn with and without them, and where outlines of letters
// and pictures are gone, something is hidden. What can be seen through (a highlight, a thin line, a filled-in field) leaves them where they were.
import type { PDFiumDocument, PDFiumLibrary } from '@hyzyla/pdfium'
import type { Examination } from '../../contracts/examination.ts'
import { drawBarePage, drawPage, openDocument, type Bitmap } from '../pdfium/library.ts'
import { toPixels } from './drawn-pages.ts'
import type { DrawnAnnotation } from './overlays.ts'

type Overlay = Examination['overlays'][number]
export type Covered = { overlays: Overlay[]; isCapped: boolean }

/** At this width a letter of 8 points is as high as a window. */
const widthPixels = 800
const maxPages = 200
/** What is not compared by then is not: capped. */
const softTimeMs = 6_000
const bytesPerPixel = 4
/** A step in brightness or colour that the eye takes for an outline, and what has to be left of it. */
const outlineStep = 32
const keptShare = 1 / 3
/** Pixels are looked at in overlapping windows. In one, more than thin lines across it would hide is gone, and no mere rule or border. */
const window = { size: 6, stride: 3, outlines: 6, lostShare: 0.6, lostEachWay: 3, ruleSteps: 3 } as const

/** Overlays of the pages that these annotations are on, each annotation once. Throws for nothing. */
export async function findCovered(library: PDFiumLibrary, data: Buffer, annotations: readonly DrawnAnnotation[]): Promise<Covered> {
  const covered: Covered = { overlays: [], isCapped: false }
  if (annotations.length === 0) return covered
  try {
    const document = await openDocument(library, data)
    if (typeof document === 'string') return { ...covered, isCapped: true }
    await compareInto(covered, document, annotations)
    document.destroy()
  } catch {
    // A trap, or memory that ran out.
    covered.isCapped = true
  }
  return covered
}

async function compareInto(covered: Covered, document: PDFiumDocument, annotations: readonly DrawnAnnotation[]): Promise<void> {
  const giveUpAtMs = performance.now() + softTimeMs
  const pages = [...new Set(annotations.map(({ page }) => page))].filter((page) => page <= Math.min(maxPages, document.getPageCount()))
  for (const page of pages) {
    if (performance.now() >= giveUpAtMs) {
      covered.isCapped = true
      return
    }
    const own = annotations.filter((annotation) => annotation.page === page)
    const bare = drawBarePage(document, page - 1, widthPixels)
    const whole = await drawPage(document, page - 1, widthPixels)
    // A page that cannot be drawn is told of by rendering.ts.
    if (bare !== null && whole !== null) covered.overlays.push(...coveringOf(bare, whole, own))
  }
}

/** Those that lie where something is gone, the topmost one of several; and those over something that other readers draw, but PDFium does not. */
function coveringOf(bare: Bitmap, whole: Bitmap, annotations: readonly DrawnAnnotation[]): Overlay[] {
  const found = new Map<string, Overlay>()
  const placed = annotations.map((annotation) => ({
    ...annotation,
    pixels: toPixels(annotation.box, annotation.place, bare.width, bare.height),
  }))
  for (const [x, y] of lostWindows(bare, whole)) {
    const top = placed.findLast(
      ({ pixels: [left, up, right, down] }) => x + window.size > left && x < right && y + window.size > up && y < down,
    )
    const { page = annotations[0]?.page ?? 1, object = 'page', kind = 'Annotation' } = top ?? {}
    found.set(object, { page, object, why: `${kind}: hides what is below it` })
  }
  for (const { page, object, kind, isDrawn, pixels } of placed)
    if (!isDrawn && !found.has(object) && hasOutlines(bare, pixels))
      found.set(object, { page, object, why: `${kind}: some readers draw it over what is below it` })
  return [...found.values()]
}

function hasOutlines(bare: Bitmap, pixels: readonly [number, number, number, number]): boolean {
  for (const [x, y] of windowsIn(bare, pixels)) if (isLost(bare, null, x, y)) return true
  return false
}

/** Left and top of each window in which too much is gone. */
function* lostWindows(bare: Bitmap, whole: Bitmap): Generator<[number, number]> {
  const changed = bare.width === whole.width && bare.height === whole.height ? changedBox(bare, whole) : null
  if (changed === null) return
  for (const [x, y] of windowsIn(bare, changed)) if (isLost(bare, whole, x, y)) yield [x, y]
}

/** Left and top of each window that touches a box and lies on the page. */
function* windowsIn(
  { width, height }: Bitmap,
  [left, top, right, bottom]: readonly [number, number, number, number],
): Generator<[number, number]> {
  for (let y = Math.max(0, top - window.size); y <= Math.min(bottom, height - window.size - 1); y += window.stride)
    for (let x = Math.max(0, left - window.size); x <= Math.min(right, width - window.size - 1); x += window.stride) yield [x, y]
}

/** What encloses every pixel that is not the same; null when all are. */
function changedBox(bare: Bitmap, whole: Bitmap): [number, number, number, number] | null {
  const { width, height } = bare
  const [before, after] = [asWords(bare), asWords(whole)]
  let [left, top, right, bottom] = [width, height, -1, -1]
  for (let at = 0; at < before.length; at++) {
    if (before[at] === after[at]) continue
    const x = at % width
    const y = (at - x) / width
    if (x < left) left = x
    if (x > right) right = x
    if (y < top) top = y
    if (y > bottom) bottom = y
  }
  return right < 0 ? null : [left, top, right, bottom]
}

function asWords({ data }: Bitmap): Uint32Array {
  const aligned = data.byteOffset % bytesPerPixel === 0 ? data : new Uint8Array(data)
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / bytesPerPixel)
}

/** `whole` null: everything is taken for gone. */
function isLost(bare: Bitmap, whole: Bitmap | null, left: number, top: number): boolean {
  let outlines = 0
  const across: number[] = []
  const down: number[] = []
  for (let y = top; y < top + window.size; y++) {
    for (let x = left; x < left + window.size; x++) {
      const at = (y * bare.width + x) * bytesPerPixel
      const isGone = (next: number): boolean => {
        const step = stepBetween(bare.data, at, next)
        if (step < outlineStep) return false
        outlines++
        return whole === null || stepBetween(whole.data, at, next) < step * keptShare
      }
      if (isGone(at + bytesPerPixel)) across.push(x)
      if (isGone(at + bare.width * bytesPerPixel)) down.push(y)
    }
  }
  const isEnough = across.length >= window.lostEachWay && down.length >= window.lostEachWay
  // The corner of a frame, or two rules that cross, are gone in one place each way.
  const isLetter = new Set(across).size > window.ruleSteps || new Set(down).size > window.ruleSteps
  return outlines >= window.outlines && isEnough && isLetter && across.length + down.length >= outlines * window.lostShare
}

function stepBetween(data: Uint8Array, at: number, next: number): number {
  let most = 0
  for (let channel = 0; channel < 3; channel++) most = Math.max(most, Math.abs((data[at + channel] ?? 0) - (data[next + channel] ?? 0)))
  return most
}

// Whether each page can be drawn, and which pages look different from what a signature covers. Fields and signatures may look different
// (form-areas.ts); what that means is the rules'.
import type { PDFiumLibrary } from '@hyzyla/pdfium'
import type { Examination } from '../../contracts/examination.ts'
import { PdfRefusal } from '../pdf/budget.ts'
import { openPdf } from '../pdf/open-pdf.ts'
import { drawPages, type DrawnPages, type Mask } from './drawn-pages.ts'
import { areasLeftOut, listFormAreas, type PageAreas } from './form-areas.ts'

const maxPages = 200
const maxRevisions = 8
/** Enough to see that a page can be drawn, and for a changed letter to be seen. */
const widthPixels = { draw: 300, compare: 800 }
/** After this long what is left is not drawn: capped. The parent's clock ends the process later. */
const softTimeMs = 14_000

type Rendering = Examination['rendering']
type Revision = { data: Buffer; areas: readonly PageAreas[] }

/** Draws the file and the revisions of it that end at these offsets. `pages`: how many our own reader found. Throws for nothing. */
export async function drawRevisions(library: PDFiumLibrary, data: Buffer, ends: readonly number[], pages: number): Promise<Rendering> {
  const giveUpAtMs = performance.now() + softTimeMs
  const [newest, ...others] = [data, ...ends.slice(0, maxRevisions).map((end) => data.subarray(0, end))].map(readRevision)
  const older = others.filter((revision) => revision !== undefined)
  const options = { maxPages, giveUpAtMs, widthPixels: older.length > 0 ? widthPixels.compare : widthPixels.draw }
  const now = await drawPages(library, data, {
    ...options,
    masksOf: (index) => older.map((revision) => maskOf(revision.areas[index], newest?.areas[index])),
  })
  const rendering = describe(now, pages, older.length < ends.length || (older.length > 0 && newest === undefined))
  const changed = new Set<number>()
  for (const [place, revision] of older.entries()) {
    if (now.isBroken || now.pages === 0) break
    const then = await drawPages(library, revision.data, {
      ...options,
      masksOf: (index) => [maskOf(revision.areas[index], newest?.areas[index])],
    })
    for (const page of listDifferences(then, now, place)) changed.add(page)
    if (!isWhole(then)) rendering.isCapped = true
    if (then.isBroken) break
  }
  return { ...rendering, changedPages: [...changed].sort((one, other) => one - other) }
}

function readRevision(data: Buffer): Revision | undefined {
  try {
    return { data, areas: listFormAreas(openPdf(data), maxPages) }
  } catch (error) {
    if (!(error instanceof PdfRefusal)) throw error
    return undefined
  }
}

function maskOf(before: PageAreas | undefined, after: PageAreas | undefined): Mask {
  if (before === undefined || after === undefined) return { boxes: [], place: { box: [0, 0, 1, 1], rotation: 0 } }
  return { boxes: areasLeftOut(before, after), place: after }
}

function describe(now: DrawnPages, pages: number, isCapped: boolean): Rendering {
  // What PDFium does not open has no page that can be drawn.
  const failed = now.pages === 0 ? Array.from({ length: Math.min(Math.max(pages, 1), maxPages) }, () => null) : now.drawn
  return {
    pages: now.pages,
    failedPages: failed.flatMap((page, index) => (page === null ? [index + 1] : [])),
    isCapped: isCapped || !isWhole(now),
    changedPages: [],
  }
}

function isWhole({ pages, drawn, isBroken }: DrawnPages): boolean {
  return pages > 0 && drawn.length >= pages && !isBroken
}

/** Numbers of the pages that look different, or that one of the two does not have. */
function listDifferences(then: DrawnPages, now: DrawnPages, place: number): number[] {
  const most = Math.min(Math.max(then.pages, now.pages), maxPages)
  return Array.from({ length: most }, (_, index) => index)
    .filter((index) => {
      if (index >= then.pages || index >= now.pages) return then.pages > 0
      const [before, after] = [then.drawn[index], now.drawn[index]]
      // Not reached by the one or the other: nothing is known.
      return before !== undefined && after !== undefined && before?.[0] !== after?.[place]
    })
    .map((index) => index + 1)
}

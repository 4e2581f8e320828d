// Pages of one revision as PDFium draws them, each reduced to hashes: what is left out of a hash may look different without the page being another.
import { createHash } from 'node:crypto'
import type { PDFiumDocument, PDFiumLibrary } from '@hyzyla/pdfium'
import { drawPage, openDocument, type Bitmap } from '../pdfium/library.ts'
import type { Box, PageAreas } from './form-areas.ts'

const bytesPerPixel = 4
/** Edges are drawn softly: a pixel or two around a field belong to it. */
const marginPixels = 2

/** Boxes of a page that are left out, placed on the page as it is shown. */
export type Mask = { boxes: readonly Box[]; place: Pick<PageAreas, 'box' | 'rotation'> }
/** A hash for each mask; null for a page that cannot be drawn. */
export type DrawnPage = readonly string[] | null
/** `pages`: how many PDFium finds, 0 if it opens nothing. `isBroken`: PDFium itself is in no state to go on. `drawn` may end early. */
export type DrawnPages = { pages: number; drawn: DrawnPage[]; isBroken: boolean }
export type DrawOptions = { widthPixels: number; maxPages: number; giveUpAtMs: number; masksOf: (index: number) => readonly Mask[] }

/** Draws the pages in order until they, the count or the time (`performance.now()`) end. Throws for nothing. */
export async function drawPages(library: PDFiumLibrary, data: Buffer, options: DrawOptions): Promise<DrawnPages> {
  const result: DrawnPages = { pages: 0, drawn: [], isBroken: false }
  try {
    const document = await openDocument(library, data)
    if (typeof document === 'string') return result
    result.pages = document.getPageCount()
    await drawInto(result.drawn, document, result.pages, options)
    document.destroy()
  } catch {
    // A trap, or memory that ran out: the page that it happened on cannot be drawn.
    result.drawn.push(null)
    result.isBroken = true
  }
  return result
}

async function drawInto(drawn: DrawnPage[], document: PDFiumDocument, pages: number, options: DrawOptions): Promise<void> {
  const { widthPixels, maxPages, giveUpAtMs, masksOf } = options
  for (let index = 0; index < Math.min(pages, maxPages) && performance.now() < giveUpAtMs; index++) {
    const bitmap = await drawPage(document, index, widthPixels)
    drawn.push(bitmap === null ? null : masksOf(index).map((mask) => hashWithout(bitmap, mask)))
  }
}

function hashWithout({ width, height, data }: Bitmap, { boxes, place }: Mask): string {
  const pixels = boxes.length === 0 ? data : Buffer.from(data)
  for (const box of boxes) {
    const [left, top, right, bottom] = toPixels(box, place, width, height)
    for (let row = top; row < bottom; row++) pixels.fill(0, (row * width + left) * bytesPerPixel, (row * width + right) * bytesPerPixel)
  }
  return createHash('sha256').update(`${width}x${height} `).update(pixels).digest('base64')
}

/** Left, top, right, bottom in whole pixels of the drawn page, right and bottom excluded. */
export function toPixels(
  box: Box,
  { box: page, rotation }: Mask['place'],
  width: number,
  height: number,
): [number, number, number, number] {
  const corners = [
    [box[0], box[1]],
    [box[2], box[3]],
  ].map(([x = 0, y = 0]) => {
    const across = (x - page[0]) / (page[2] - page[0])
    const down = (page[3] - y) / (page[3] - page[1])
    const [u = 0, v = 0] = [
      [across, down],
      [1 - down, across],
      [1 - across, 1 - down],
      [down, 1 - across],
    ][rotation] ?? [across, down]
    return [u * width, v * height] as const
  })
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)]
  const within = (value: number, most: number): number => Math.min(most, Math.max(0, Math.trunc(value)))
  return [
    within(Math.min(...xs) - marginPixels, width),
    within(Math.min(...ys) - marginPixels, height),
    within(Math.max(...xs) + marginPixels + 1, width),
    within(Math.max(...ys) + marginPixels + 1, height),
  ]
}

// The task `thumbnails`: pages of a PDF as WebP pictures, one batch of pages at a time. A page that cannot be drawn is left out and said.
import type { PDFiumDocument, PDFiumLibrary } from '@hyzyla/pdfium'
import sharp from 'sharp'
import type { ThumbnailBatch } from '../../contracts/document-parts.ts'
import type { InspectionReply } from '../../contracts/inspection.ts'
import type { ByteSource } from '../byte-source.ts'
import { drawPage, openDocument } from '../pdfium/library.ts'
import { readAll } from '../read-all.ts'

const defaultWidthPixels = 400
const maxImageBytes = 2_000_000
/** After this long the batch ends early; the parent goes on with the next page in a fresh process. */
const softTimeMs = 8_000

/** One thread, no cache: what this process holds is this one page. */
export function prepareSharp(): void {
  sharp.concurrency(1)
  sharp.cache(false)
}

/** Draws the pages `from` up to and including `until`, as far as time goes; `widthPixels` is 400 if left out. */
export async function drawThumbnails(library: PDFiumLibrary, input: ByteSource, options: unknown): Promise<InspectionReply> {
  const { from, until, widthPixels = defaultWidthPixels } = options as { from: number; until: number; widthPixels?: number }
  const data = readAll(input)
  if (!data) return { kind: 'rejected', reason: 'too_large' }
  const document = await openDocument(library, data)
  if (typeof document === 'string') return { kind: 'rejected', reason: document }
  const giveUpAt = performance.now() + softTimeMs
  const batch: ThumbnailBatch = { images: [], failedPages: [], next: from }
  const last = Math.min(until, document.getPageCount())
  for (; batch.next <= last && (batch.next === from || performance.now() < giveUpAt); batch.next++) {
    const webp = await draw(document, batch.next - 1, widthPixels)
    if (webp === null || webp.length > maxImageBytes) batch.failedPages.push(batch.next)
    else batch.images.push({ page: batch.next, webp: webp.toString('base64') })
  }
  if (batch.next > last) batch.next = until + 1
  return { kind: 'ok', value: batch }
}

async function draw(document: PDFiumDocument, index: number, widthPixels: number): Promise<Buffer | null> {
  const bitmap = await drawPage(document, index, widthPixels)
  if (bitmap === null) return null
  const { width, height, data } = bitmap
  try {
    const raw = { width, height, channels: 4 as const }
    return await sharp(data, { raw, limitInputPixels: width * height })
      .removeAlpha()
      .webp({ quality: 70, effort: 2 })
      .toBuffer()
  } catch {
    return null
  }
}

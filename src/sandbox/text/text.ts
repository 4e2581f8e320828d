// The task `text`: the text of every page with its size, as PDFium reads it. Bounded in pages, characters and time; what is cut is said.
import type { PDFiumDocument, PDFiumLibrary } from '@hyzyla/pdfium'
import type { TextReport } from '../../contracts/document-parts.ts'
import type { InspectionReply } from '../../contracts/inspection.ts'
import type { ByteSource } from '../byte-source.ts'
import { closePage, openDocument } from '../pdfium/library.ts'
import { readAll } from '../read-all.ts'

const maxPages = 2_000
const maxPageCharacters = 200_000
const maxCharacters = 4_000_000
/** The parent's clock ends the process a little later; this one still lets it answer. */
const softTimeMs = 20_000

/** Reads all text. `partial` when pages, characters or time ran out or a page could not be read; `rejected` when PDFium opens nothing. */
export async function readText(library: PDFiumLibrary, input: ByteSource): Promise<InspectionReply> {
  const data = readAll(input)
  if (!data) return { kind: 'rejected', reason: 'too_large' }
  const document = await openDocument(library, data)
  if (typeof document === 'string') return { kind: 'rejected', reason: document }
  const { report, reason } = readPages(document)
  if (report.pages.length === 0 && report.pageCount > 0) return { kind: 'rejected', reason: reason ?? 'unreadable' }
  return reason === undefined ? { kind: 'ok', value: report } : { kind: 'partial', value: report, reason }
}

function readPages(document: PDFiumDocument): { report: TextReport; reason?: string } {
  const giveUpAt = performance.now() + softTimeMs
  const pageCount = document.getPageCount()
  const report: TextReport = { pageCount, characters: 0, pages: [], failedPages: [] }
  let reason: string | undefined
  for (let index = 0; index < pageCount; index++) {
    const stop = stopReason(index, report.characters, giveUpAt)
    if (stop !== undefined) return { report, reason: stop }
    const page = readPage(document, index, maxCharacters - report.characters)
    if (page === null) report.failedPages.push(index + 1)
    else {
      report.pages.push(page)
      report.characters += page.characters
    }
    if (page === null || page.isCut) reason ??= page === null ? 'pages_unreadable' : 'characters'
  }
  return { report, ...(reason === undefined ? {} : { reason }) }
}

function stopReason(index: number, characters: number, giveUpAt: number): string | undefined {
  if (index >= maxPages) return 'pages'
  if (characters >= maxCharacters) return 'characters'
  return performance.now() > giveUpAt ? 'time' : undefined
}

function readPage(document: PDFiumDocument, index: number, room: number): TextReport['pages'][number] | null {
  try {
    const page = document.getPage(index)
    const { originalWidth, originalHeight } = page.getOriginalSize()
    const whole = clean(page.getText())
    closePage(page)
    const text = whole.slice(0, Math.min(maxPageCharacters, room)).toWellFormed()
    const size = { widthPoints: sizeOf(originalWidth), heightPoints: sizeOf(originalHeight) }
    return { page: index + 1, ...size, characters: text.length, text, ...(text.length < whole.length ? { isCut: true } : {}) }
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error
    return null
  }
}

function sizeOf(points: number): number {
  return Number.isFinite(points) && points > 0 ? points : 0
}

/** Line ends as \n; no other control character, which no store and no reader has a use for. */
function clean(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/\r\n?/g, '\n').replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f\ufffe\uffff]/g, '')
}

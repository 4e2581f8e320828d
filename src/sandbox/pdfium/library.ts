// PDFium in WebAssembly: loaded before privileges are dropped and before a byte of the input is read. It has no files, no fonts of the system, no network.
import { PDFiumLibrary, type PDFiumDocument, type PDFiumPage } from '@hyzyla/pdfium'

/** Compiles the module; called when a task is loaded. */
export function loadPdfium(): Promise<PDFiumLibrary> {
  return PDFiumLibrary.init()
}

/** The document, or in a word why PDFium does not open it. */
export async function openDocument(library: PDFiumLibrary, data: Buffer): Promise<PDFiumDocument | string> {
  try {
    return await library.loadDocument(data)
  } catch (error) {
    const said = error instanceof Error ? error.message : ''
    // A trap leaves the module in no state to go on.
    if (error instanceof WebAssembly.RuntimeError) throw error
    return /password/i.test(said) ? 'password' : 'unreadable'
  }
}

/** Frees a page that was not rendered: the wrapper does so only after rendering, and 2,000 open pages are a leak. */
export function closePage(page: PDFiumPage): void {
  page['module']._FPDF_ClosePage(page['pageIdx'])
}

/** A page much higher than wide is drawn narrower: so many times as high as wide at most. */
const maxHeightRatio = 4

export type Bitmap = { width: number; height: number; data: Uint8Array }

/**
 * A page as pixels of four bytes each, so wide or narrower. Null for one that cannot be drawn. A trap leaves the
 * module in no state to go on, and is thrown.
 */
export async function drawPage(document: PDFiumDocument, index: number, widthPixels: number): Promise<Bitmap | null> {
  try {
    const page = document.getPage(index)
    const { originalWidth, originalHeight } = page.getOriginalSize()
    if (!(originalWidth > 0 && originalHeight > 0)) return null
    const scale = Math.min(widthPixels / originalWidth, (maxHeightRatio * widthPixels) / originalHeight)
    const width = Math.max(1, Math.round(originalWidth * scale))
    const height = Math.max(1, Math.round(originalHeight * scale))
    const { data } = await page.render({ width, height, scale: 1, render: 'bitmap', renderFormFields: true })
    return { width, height, data }
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error
    return null
  }
}

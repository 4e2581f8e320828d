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

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
    const size = sizeOf(page, widthPixels)
    if (size === null) return null
    const { width, height } = size
    const { data } = await page.render({ width, height, scale: 1, render: 'bitmap', renderFormFields: true })
    return { width, height, data }
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error
    return null
  }
}

/** Letters drawn for screens, bytes as red, green, blue: as the wrapper draws, but without its annotations (1) and form fields. */
const bareFlags = 0x02 | 0x10
const bgra = 4

/** The same page in the same size without any annotation and field; the wrapper always draws them. Null and thrown as of `drawPage`. */
export function drawBarePage(document: PDFiumDocument, index: number, widthPixels: number): Bitmap | null {
  const page = document.getPage(index)
  const [module, pageAt] = [page['module'], page['pageIdx']]
  const size = sizeOf(page, widthPixels)
  const bytes = (size?.width ?? 0) * (size?.height ?? 0) * bgra
  const at = size === null ? 0 : module.wasmExports.malloc(bytes)
  try {
    if (size === null || at === 0) return null
    const { width, height } = size
    const bitmap = module._FPDFBitmap_CreateEx(width, height, bgra, at, width * bgra)
    module._FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xff_ff_ff_ff)
    module._FPDF_RenderPageBitmap(bitmap, pageAt, 0, 0, width, height, 0, bareFlags)
    module._FPDFBitmap_Destroy(bitmap)
    return { width, height, data: module.HEAPU8.slice(at, at + bytes) }
  } finally {
    if (at !== 0) module.wasmExports.free(at)
    closePage(page)
  }
}

function sizeOf(page: PDFiumPage, widthPixels: number): { width: number; height: number } | null {
  const { originalWidth, originalHeight } = page.getOriginalSize()
  if (!(originalWidth > 0 && originalHeight > 0)) return null
  const scale = Math.min(widthPixels / originalWidth, (maxHeightRatio * widthPixels) / originalHeight)
  return { width: Math.max(1, Math.round(originalWidth * scale)), height: Math.max(1, Math.round(originalHeight * scale)) }
}

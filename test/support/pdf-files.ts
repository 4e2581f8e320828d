// PDF files as tests need them, made here: honest ones, and some that mean harm.
import { deflateSync } from 'node:zlib'

type PdfObject = string | Buffer

/** A file of these objects, numbered from 1, with a correct cross-reference table; object 1 is the catalog. */
export function pdfOf(objects: readonly PdfObject[]): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n', 'latin1')]
  let at = parts[0]?.length ?? 0
  const offsets = objects.map((body, index) => {
    const text = typeof body === 'string' ? Buffer.from(body, 'latin1') : body
    const whole = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), text, Buffer.from('\nendobj\n')])
    const offset = at
    parts.push(whole)
    at += whole.length
    return offset
  })
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const count = objects.length + 1
  parts.push(
    Buffer.from(`xref\n0 ${count}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${count} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`),
  )
  return Buffer.concat(parts)
}

/** A stream object. */
export function streamOf(dict: string, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`<< ${dict} /Length ${data.length} >>\nstream\n`), data, Buffer.from('\nendstream')])
}

/** An A4 document: each text is a page, each of its lines a line. Only Latin 1. */
export function textPdf(pages: readonly string[]): Buffer {
  const first = 4
  const kids = pages.map((_, index) => `${first + index * 2} 0 R`).join(' ')
  const bodies = pages.flatMap((text, index) => [
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${first + index * 2 + 1} 0 R >>`,
    streamOf('/Filter /FlateDecode', deflateSync(Buffer.from(contentOf(text), 'latin1'))),
  ])
  return pdfOf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
    ...bodies,
  ])
}

function contentOf(text: string): string {
  const lines = text.split('\n').map((line) => `(${line.replaceAll(/[()\\]/g, String.raw`\$&`)}) Tj T*`)
  return `BT /F1 12 Tf 14 TL 60 780 Td ${lines.join(' ')} ET`
}

const page = (contents: string, more = ''): string =>
  `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${contents} ${more} >>`
const tree = ['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [3 0 R] /Count 1 >>'] as const

/** A kilobyte or so that unpacks, twice over, to four gigabytes. */
export function bombPdf(): Buffer {
  const once = deflateSync(Buffer.alloc(64 * 1_048_576, 0x20), { level: 9 })
  return pdfOf([...tree, page('4 0 R'), streamOf('/Filter [/FlateDecode /FlateDecode]', deflateSync(once, { level: 9 }))])
}

/** Its page tree contains itself. */
export function cyclicPdf(): Buffer {
  return pdfOf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [2 0 R 3 0 R 2 0 R] /Count 3 >>',
    '<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 3 0 R] /Count 2 >>',
  ])
}

/** Arrays in arrays in arrays. */
export function nestedPdf(): Buffer {
  return pdfOf([...tree, page('4 0 R', `/Deep ${'['.repeat(5_000)}${']'.repeat(5_000)}`), streamOf('', Buffer.from(' '))])
}

export function manyFiltersPdf(): Buffer {
  return pdfOf([...tree, page('4 0 R'), streamOf(`/Filter [${'/FlateDecode '.repeat(12)}]`, deflateSync(Buffer.from(' ')))])
}

/** A picture that says it has ten thousand million pixels. */
export function hugeImagePdf(): Buffer {
  const image = streamOf(
    '/Type /XObject /Subtype /Image /Width 100000 /Height 100000 /BitsPerComponent 8 /ColorSpace /DeviceRGB /Filter /FlateDecode',
    deflateSync(Buffer.alloc(64)),
  )
  return pdfOf([
    ...tree,
    page('4 0 R', '/Resources << /XObject << /Im1 5 0 R >> >>'),
    streamOf('', Buffer.from('q 500 0 0 500 0 0 cm /Im1 Do Q')),
    image,
  ])
}

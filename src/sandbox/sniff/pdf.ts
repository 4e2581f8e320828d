// Whether a file is a PDF as far as its first kilobyte tells. What is in it is the document pipeline's to find out, damage included.
import type { ByteSource } from '../byte-source.ts'

const window = 1_024

/** Where a PDF header stands in the first kilobyte, in which readers look for it; null when there is none. */
export function pdfHeaderAt(input: ByteSource): number | null {
  const match = /%PDF-[12]\.\d/.exec(input.read(0, window).toString('latin1'))
  return match ? match.index : null
}

/** A header at the very beginning, after a byte order mark or blank lines at most: what stands before it could be another file. */
export function isPdf(input: ByteSource): boolean {
  const at = pdfHeaderAt(input)
  return at !== null && /^(?:\u00ef\u00bb\u00bf)?[\r\n \t]*$/.test(input.read(0, at).toString('latin1'))
}

// Opens a file: header, chain of cross-reference sections, revisions, and the document as it is now.
// The entry of the reader; the only errors that leave it are PdfRefusal.
import type { PdfLimits } from './budget.ts'
import { Budget, PdfRefusal } from './budget.ts'
import { isWhiteSpace } from './characters.ts'
import { rebuildSection } from './rebuild.ts'
import type { PdfFile } from './snapshot.ts'
import { createPdfFile, Snapshot } from './snapshot.ts'
import type { Input } from './value-parser.ts'
import { PdfSyntaxError } from './value-parser.ts'
import type { XrefChain } from './xref-chain.ts'
import { readXrefChain } from './xref-chain.ts'

const HEADER_SEARCH_BYTES = 1024

/** `current` is the document as a reader shows it today. `trailingBytes` counts what follows the last revision and is not white space. */
export type OpenedPdf = { file: PdfFile; chain: XrefChain; current: Snapshot; rebuilt: boolean; trailingBytes: number }

/** Opens the bytes. Throws PdfRefusal: `not_a_pdf`, `too_large`, `too_complex` or `damaged` (no catalog to be found). */
export function openPdf(data: Buffer, limits?: PdfLimits): OpenedPdf {
  const budget = new Budget(limits)
  if (data.length > budget.limits.maxFileBytes) throw new PdfRefusal('too_large', 'the file is larger than allowed')
  const header = data.subarray(0, HEADER_SEARCH_BYTES).indexOf('%PDF-', 0, 'latin1')
  if (header === -1) throw new PdfRefusal('not_a_pdf', 'there is no PDF header')
  const file = createPdfFile(data, budget)
  if (header > 0) file.leniencies.add('bytes_before_header')
  return openByChain(file) ?? openByRebuilding(file)
}

/** The document as it was when the revision of this index (0 is the oldest) ended. */
export function snapshotAt(pdf: OpenedPdf, revisionIndex: number): Snapshot {
  const revisions = pdf.chain.revisions.slice(0, revisionIndex + 1)
  const end = revisions.at(-1)?.end ?? 0
  return new Snapshot(
    pdf.file,
    end,
    revisions.toReversed().flatMap((revision) => revision.sections),
  )
}

function inputOf(file: PdfFile): Input {
  return { data: file.data, end: file.data.length, placed: true, budget: file.budget, leniencies: file.leniencies }
}

function openByChain(file: PdfFile): OpenedPdf | undefined {
  try {
    const chain = readXrefChain(inputOf(file))
    const current = new Snapshot(file, file.data.length, chain.sections)
    if (current.dict(current.catalog()?.entries.get('Pages')) === undefined) return undefined
    return { file, chain, current, rebuilt: false, trailingBytes: countTrailing(file.data, chain) }
  } catch (error) {
    if (error instanceof PdfSyntaxError) return undefined
    throw error
  }
}

function openByRebuilding(file: PdfFile): OpenedPdf {
  file.leniencies.add('rebuilt')
  const section = rebuildSection(inputOf(file))
  if (section === undefined) throw new PdfRefusal('damaged', 'no catalog is found')
  const chain: XrefChain = { sections: [section], revisions: [], irregular: 'the cross-reference had to be rebuilt' }
  return { file, chain, current: new Snapshot(file, file.data.length, [section]), rebuilt: true, trailingBytes: 0 }
}

function countTrailing(data: Buffer, chain: XrefChain): number {
  const from = chain.revisions.at(-1)?.end ?? 0
  let end = data.length
  while (end > from && isWhiteSpace(data[end - 1])) end--
  return end - from
}

// The task `preflight`: walks every object of the document as it is now and refuses what would cost too much to open, before any other library sees it.
// It reads with the project's own reader (src/sandbox/pdf); what that forgives is reported.
import type { PreflightReport } from '../../contracts/document-parts.ts'
import type { InspectionReply } from '../../contracts/inspection.ts'
import type { ByteSource } from '../byte-source.ts'
import { defaultPdfLimits, PdfRefusal, type PdfLimits } from '../pdf/budget.ts'
import { openPdf, type OpenedPdf } from '../pdf/open-pdf.ts'
import { listPages } from '../pdf/pages.ts'
import { dictOf, isKind, type PdfValue } from '../pdf/values.ts'
import { maxInputBytes, readAll } from '../read-all.ts'
import { countImage } from './images.ts'
import { Inflation } from './inflation.ts'
import { Refusal } from './refusal.ts'

const maxObjects = 200_000
const maxPages = 2_000
const maxInflatedBytes = 268_435_456

const limits: PdfLimits = {
  ...defaultPdfLimits,
  maxFileBytes: maxInputBytes,
  maxTokens: 5_000_000,
  // A number is counted once for each section that names it; the document's own objects are counted below.
  maxObjects: 2 * maxObjects,
  maxInflatedBytes,
}

/** Lets a document through with what was counted, or refuses it with a word. */
export function preflight(input: ByteSource): InspectionReply {
  const data = readAll(input)
  if (!data) return { kind: 'rejected', reason: 'too_large' }
  try {
    return { kind: 'ok', value: inspect(data) }
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'rejected', reason: error.message }
    if (error instanceof PdfRefusal) return { kind: 'rejected', reason: error.reason }
    throw error
  }
}

function inspect(data: Buffer): PreflightReport {
  const pdf = openPdf(data, limits)
  const { current, file, chain } = pdf
  if (current.entries.size > maxObjects) throw new Refusal('too_many_objects')
  const walked = walkObjects(pdf)
  const pages = listPages(current).length
  if (pages > maxPages) throw new Refusal('too_many_pages')
  return {
    pages,
    ...walked,
    revisions: chain.revisions.length,
    isEncrypted: (current.trailer.entries.get('Encrypt') ?? null) !== null,
    leniencies: [...file.leniencies].sort().slice(0, 40),
  }
}

function walkObjects({ current }: OpenedPdf): Pick<PreflightReport, 'objects' | 'images' | 'inflatedBytes'> {
  const inflation = new Inflation(current, {
    maxBytes: maxInflatedBytes,
    maxRatio: limits.maxInflateRatio,
    maxFilters: limits.maxFiltersPerStream,
  })
  const isEncrypted = dictOf(current.resolve(current.trailer.entries.get('Encrypt'))) !== undefined
  let objects = 0
  let images = 0
  for (const num of current.entries.keys()) {
    const value: PdfValue | undefined = current.object(num)?.value
    if (value === undefined) continue
    objects++
    if (!isKind(value, 'stream')) continue
    if (countImage(current, value)) images++
    inflation.count(value, isEncrypted)
  }
  return { objects, images, inflatedBytes: inflation.bytes }
}

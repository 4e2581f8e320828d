// The task `examine`: everything about a file that a compliance check rests on, in one answer. What it means is the rules'.
import type { PDFiumLibrary } from '@hyzyla/pdfium'
import type { Examination } from '../../contracts/examination.ts'
import type { InspectionReply } from '../../contracts/inspection.ts'
import type { ByteSource } from '../byte-source.ts'
import { PdfRefusal } from '../pdf/budget.ts'
import { readAll } from '../read-all.ts'
import { judgeFile, type JudgedFile } from '../signatures/judge.ts'
import { findCovered, type Covered } from './covered-content.ts'
import { readDocumentFacts } from './document-facts.ts'
import type { DrawnAnnotation } from './overlays.ts'
import { drawRevisions } from './rendering.ts'
import { describeSignatures } from './signature-facts.ts'

/** As many as the contract takes. */
const maxOverlays = 100

/**
 * `nowMs`: the moment for which certificates are judged; `trustedCertificates` in base64 (DER). `partial` when a limit was reached: what is there
 * is right, but there may be more. `rejected` for what is no PDF that our reader opens.
 */
export async function examine(library: PDFiumLibrary, input: ByteSource, options: unknown): Promise<InspectionReply> {
  const { nowMs, trustedCertificates } = options as { nowMs: number; trustedCertificates: readonly string[] }
  const data = readAll(input)
  if (!data) return { kind: 'rejected', reason: 'too_large' }
  try {
    const { facts, annotations, cut } = readDocumentFacts(data)
    const judged = judgeFile(data, { nowMs, trustedCertificates: trustedCertificates.map((encoded) => Buffer.from(encoded, 'base64')) })
    const rendering = await drawRevisions(library, data, listSignedEnds(judged, data.length), facts.pages)
    const covered = await findCoveredOnce(library, data, annotations, facts.overlays, rendering)
    const { report } = judged
    const reason = cut ?? (report.outcome === 'ok' ? findDisagreement(facts.pages, rendering.pages) : (report.reason ?? report.outcome))
    const value: Examination = {
      report,
      signatures: describeSignatures(judged),
      ...facts,
      overlays: [...facts.overlays, ...covered.overlays],
      // What was not looked at to the end may look different as well.
      rendering: { ...rendering, isCapped: rendering.isCapped || covered.isCapped || reason !== undefined },
    }
    return reason === undefined ? { kind: 'ok', value } : { kind: 'partial', value, reason }
  } catch (error) {
    // An error of another kind is a fault of ours, and nothing that speaks for the file.
    return { kind: 'rejected', reason: error instanceof PdfRefusal ? error.reason : 'unreadable' }
  }
}

/** Of those that are not told of already. Where PDFium did not get through drawing, it may be in no state to go on. */
async function findCoveredOnce(
  library: PDFiumLibrary,
  data: Buffer,
  annotations: readonly DrawnAnnotation[],
  known: Examination['overlays'],
  { isCapped, failedPages }: Examination['rendering'],
): Promise<Covered> {
  if (isCapped && failedPages.length > 0) return { overlays: [], isCapped: true }
  const told = new Set(known.map(({ object }) => object))
  const { overlays, ...covered } = await findCovered(library, data, annotations)
  return { ...covered, overlays: overlays.filter(({ object }) => !told.has(object)).slice(0, maxOverlays - known.length) }
}

// Two readers that see different pages: what ours says of them does not hold for what the other shows.
function findDisagreement(ours: number, drawn: number): string | undefined {
  return drawn > 0 && drawn !== ours ? 'page_counts_differ' : undefined
}

/** Where the signed bytes of signatures end before the file does: each once, from the oldest. */
function listSignedEnds({ signatures }: JudgedFile, fileBytes: number): number[] {
  const ends = signatures.flatMap(({ coveredEnd }) => (coveredEnd === undefined || coveredEnd >= fileBytes ? [] : [coveredEnd]))
  return [...new Set(ends)].sort((one, other) => one - other)
}

// Whether a document can be sent for signing: read to its end, judged, not encrypted, and open to one more signature.
import { preflightReport } from '../../contracts/document-parts.ts'
import { signatureReport, type SignatureReport } from '../../contracts/signature.ts'
import { AppError } from '../../errors.ts'
import type { DocumentRecord, ResultStore } from '../document-ports.ts'
import { foundBy } from '../documents/view.ts'

/** What sending needs to know of a document. */
export type Suitable = { pages: number; isSigned: boolean }

/** Throws `document_not_ready` while it is being processed, and `document_unsuitable` for one that cannot be sent. */
export async function requireSuitable(results: ResultStore, record: DocumentRecord): Promise<Suitable> {
  requireProcessed(record)
  const [preflight, signatures] = await Promise.all([preflightOf(results, record), signaturesOf(results, record)])
  if (preflight.isEncrypted) throw unsuitable('The document is encrypted: upload a copy that is not.')
  if (forbidsChanges(signatures)) throw unsuitable('The document is certified, and its certification permits no further signature.')
  const obstacle = findSealObstacle(signatures)
  if (obstacle !== null) throw unsuitable(obstacle)
  return { pages: preflight.pages, isSigned: signatures.signatures.length > 0 }
}

// What the seal would stumble over (src/sandbox/seal) is said before anybody is asked to sign.
function findSealObstacle({ signatures, findings }: SignatureReport): string | null {
  const found = new Set(findings.map(({ code }) => code))
  if (found.has('rebuilt')) return 'The file is damaged, and readers have to guess at its structure: save it anew and upload that.'
  const isIrregular = found.has('irregular_revisions') || found.has('trailing_bytes')
  return isIrregular && signatures.length > 0
    ? 'The file carries signatures and was changed in a way that readers cannot follow: nothing can be added to it safely.'
    : null
}

function requireProcessed({ status, stages }: DocumentRecord): void {
  if (status === 'queued' || status === 'processing') throw notReady('The document is still being processed.')
  if (status !== 'processed' && status !== 'partial') throw unsuitable(`The document is ${status}.`)
  const { signatures } = stages
  if (signatures.status !== 'done') throw unsuitable('The signatures that the document may have could not be judged.')
}

async function preflightOf(results: ResultStore, { sha256, version }: DocumentRecord) {
  const result = await results.read({ sha256, stage: 'preflight', version })
  const parsed = preflightReport.safeParse(result && 'value' in result ? result.value : null)
  if (!parsed.success) throw notReady('What was found of the document is no longer there: make it anew.')
  return parsed.data
}

async function signaturesOf(results: ResultStore, record: DocumentRecord): Promise<SignatureReport> {
  const parsed = signatureReport.safeParse(await foundBy(results, record, 'signatures'))
  if (!parsed.success) throw notReady('What was found of the document is no longer there: make it anew.')
  return parsed.data
}

function forbidsChanges({ signatures }: SignatureReport): boolean {
  return signatures.some(({ reasons }) => reasons.some(({ code }) => code === 'no_changes_permitted'))
}

function unsuitable(detail: string): AppError {
  return new AppError('document_unsuitable', { detail, faults: [{ pointer: '/documentId', message: detail }] })
}

function notReady(detail: string): AppError {
  return new AppError('document_not_ready', { detail })
}

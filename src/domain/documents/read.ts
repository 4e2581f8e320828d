// Reading documents: one, its text and thumbnails, and the list of one's own.
import type { DocumentPage, DocumentView } from '../../contracts/document.ts'
import { textReport, type TextReport } from '../../contracts/document-parts.ts'
import { AppError, invalidField } from '../../errors.ts'
import { callerKey, isPrivileged, type Caller } from '../caller.ts'
import type { DocumentPosition, DocumentRecord } from '../document-ports.ts'
import { placeOf, toPage, type PageRequest } from '../page.ts'
import { isOwn, ownerPrints } from '../uploads/owner.ts'
import type { DocumentDeps } from './deps.ts'
import { isDocumentId } from './id.ts'
import { foundBy, summaryOf, viewOf } from './view.ts'

/** The caller's document of this id. Throws `document_not_found` when there is none or it is somebody else's. */
export async function accessibleDocument(deps: DocumentDeps, caller: Caller, id: string): Promise<DocumentRecord> {
  const record = isDocumentId(id) ? await latest(deps, id) : null
  if (!record || !isOwn(deps.keyring, caller, record)) throw new AppError('document_not_found')
  return record
}

/** Redis knows it as it is now; Postgres knows it for good, also when Redis is away. */
async function latest(deps: DocumentDeps, id: string): Promise<DocumentRecord | null> {
  try {
    const record = await deps.documents.read(id)
    if (record) return record
  } catch (error) {
    const row = await durably(() => deps.documentRows.read(id))
    if (row?.endedAtMs !== undefined) return row
    throw error
  }
  return durably(() => deps.documentRows.read(id))
}

async function durably<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return await read()
  } catch (cause) {
    throw new AppError('service_degraded', { retryAfterMs: 1_000 }, { cause })
  }
}

/** The document with all that was found. Throws `document_not_found`. */
export async function getDocument(deps: DocumentDeps, caller: Caller, id: string): Promise<DocumentView> {
  const record = await accessibleDocument(deps, caller, id)
  return durably(() => viewOf(deps, record, deps.clock.nowMs()))
}

/** The text, page by page. Throws `document_not_found`, and `document_not_ready` when it is not read (yet). */
export async function getDocumentText(deps: DocumentDeps, caller: Caller, id: string): Promise<TextReport> {
  const record = await accessibleDocument(deps, caller, id)
  requireShown(record)
  const found = textReport.safeParse(await durably(() => foundBy(deps.documentResults, record, 'text')))
  if (!found.success) throw new AppError('document_not_ready', { detail: detailOf(record, 'text') })
  return found.data
}

/** The picture of a page, from 1. Throws `document_not_found`, `document_not_ready`, and `not_found` for a page that has none. */
export async function getThumbnail(deps: DocumentDeps, caller: Caller, id: string, page: number): Promise<{ webp: Buffer; etag: string }> {
  const record = await accessibleDocument(deps, caller, id)
  requireShown(record)
  const webp = await durably(() => deps.documentResults.thumbnail(record, page))
  if (webp) return { webp, etag: `"${record.sha256}-${record.version}-${page}"` }
  if (record.stages.thumbnails.status === 'waiting') throw new AppError('document_not_ready', { detail: detailOf(record, 'thumbnails') })
  throw new AppError('not_found', { detail: 'This page has no thumbnail.' })
}

function requireShown({ status }: DocumentRecord): void {
  if (status === 'quarantined' || status === 'rejected')
    throw new AppError('document_not_ready', { detail: `The document is ${status}: nothing of it is shown.` })
}

function detailOf(record: DocumentRecord, stage: 'text' | 'thumbnails'): string {
  return record.stages[stage].status === 'waiting' ? 'The document is still being processed.' : 'This could not be read from the document.'
}

/** The caller's documents, newest first; everybody's for those who see everything. What is still under way is shown as it is now. */
export async function listDocuments(deps: DocumentDeps, caller: Caller, request: PageRequest): Promise<DocumentPage> {
  const all = isPrivileged(caller)
  const query = all ? 'documents' : `documents:${callerKey(caller)}`
  const before = positionOf(placeOf(deps.keyring, query, request))
  const { records, total } = await durably(() =>
    deps.documentRows.page(all ? null : ownerPrints(deps.keyring, caller), before, request.first + 1),
  )
  const current = await Promise.all(
    records.map(async (row) => (row.endedAtMs === undefined ? ((await deps.documents.read(row.id)) ?? row) : row)),
  )
  const nowMs = deps.clock.nowMs()
  const place = ({ createdAtMs, id }: DocumentRecord): string => `${createdAtMs}.${id}`
  return toPage({ keyring: deps.keyring, query, request }, current, total, place, (record) => summaryOf(deps.keyring, record, nowMs))
}

function positionOf(place: string | undefined): DocumentPosition | undefined {
  if (place === undefined) return undefined
  const [createdAtMs = '', id = ''] = place.split('.', 2)
  if (id === '') throw invalidField('/after', 'is not a cursor of this query')
  return { createdAtMs: Number(createdAtMs), id }
}

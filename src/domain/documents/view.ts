// How a document looks to clients: its record, and what was found by its content.
import { documentStages, type DocumentSummary, type DocumentView } from '../../contracts/document.ts'
import { modelAnswer, textAnalysis, textReport } from '../../contracts/document-parts.ts'
import { signatureReport } from '../../contracts/signature.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { DocumentRecord, ResultStore, StageResult } from '../document-ports.ts'
import { modelKey } from './model-key.ts'
import { thumbnailWidthPixels } from './policy.ts'
import { remainingMs } from './progress.ts'
import { openTitle } from './title.ts'

export function summaryOf(keyring: Keyring, record: DocumentRecord, nowMs: number): DocumentSummary {
  const { id, status, step, progress, sequence, uploadId, sha256, bytes, stages } = record
  return {
    id,
    title: openTitle(keyring, id, record.sealed),
    status,
    ...(record.reason === undefined ? {} : { reason: record.reason }),
    step,
    steps: documentStages.map((name) => ({ name, ...stages[name] })),
    progress,
    estimatedCompletion: record.endedAtMs === undefined ? timeOf(nowMs + remainingMs(record)) : null,
    sequence,
    uploadId,
    sha256,
    bytes,
    pages: record.pages ?? null,
    createdAt: timeOf(record.createdAtMs),
    ...(record.endedAtMs === undefined ? {} : { endedAt: timeOf(record.endedAtMs) }),
  }
}

/** All of it. What a stage has not found (yet) is null. */
export async function viewOf(
  deps: { keyring: Keyring; documentResults: ResultStore },
  record: DocumentRecord,
  nowMs: number,
): Promise<DocumentView> {
  const summary = summaryOf(deps.keyring, record, nowMs)
  // Of a file that is dangerous nothing is shown.
  if (record.status === 'quarantined' || record.status === 'rejected')
    return { ...summary, text: null, signatures: null, analysis: null, thumbnails: null }
  const [text, signatures, analysis, thumbnails] = await Promise.all([
    textOf(deps.documentResults, record),
    signaturesOf(deps.documentResults, record),
    analysisOf(deps.documentResults, record),
    thumbnailsOf(deps.documentResults, record),
  ])
  return { ...summary, text, signatures, analysis, thumbnails }
}

/** What a settled stage of this document found. */
export async function foundBy(results: ResultStore, record: DocumentRecord, stage: 'text' | 'signatures' | 'analysis'): Promise<unknown> {
  const { status } = record.stages[stage]
  if (status !== 'done' && status !== 'partial') return null
  return valueOf(await results.read({ sha256: record.sha256, stage, version: record.version }))
}

async function textOf(results: ResultStore, record: DocumentRecord): Promise<DocumentView['text']> {
  const found = textReport.safeParse(await foundBy(results, record, 'text'))
  if (!found.success) return null
  const { pages, characters } = found.data
  return { pages: pages.length, characters, isPartial: record.stages.text.status === 'partial', url: `/v1/documents/${record.id}/text` }
}

async function signaturesOf(results: ResultStore, record: DocumentRecord): Promise<DocumentView['signatures']> {
  const found = signatureReport.safeParse(await foundBy(results, record, 'signatures'))
  return found.success ? found.data.signatures : null
}

async function analysisOf(results: ResultStore, record: DocumentRecord): Promise<DocumentView['analysis']> {
  const found = textAnalysis.safeParse(await foundBy(results, record, 'analysis'))
  if (!found.success) return null
  const said = record.model === undefined ? null : modelAnswer.safeParse(valueOf(await results.read(modelKey(record, record.model))))
  const model = said?.success && record.model !== undefined ? { label: 'model_output' as const, model: record.model, ...said.data } : null
  return { ...found.data, model }
}

async function thumbnailsOf(results: ResultStore, record: DocumentRecord): Promise<DocumentView['thumbnails']> {
  const { status } = record.stages.thumbnails
  if (status !== 'done' && status !== 'partial') return null
  const pages = await results.thumbnailPages(record)
  return {
    count: pages.length,
    pages,
    width: thumbnailWidthPixels,
    type: 'image/webp',
    url: `/v1/documents/${record.id}/thumbnails/{page}`,
  }
}

function valueOf(result: StageResult | null): unknown {
  return result && 'value' in result ? result.value : null
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

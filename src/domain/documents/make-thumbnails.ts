// Thumbnails: the small pictures of a document's first pages, as a stage of its processing.
import { RetryLater } from '../../errors.ts'
import type { StageResult } from '../document-ports.ts'
import type { DocumentWorkDeps } from './deps.ts'
import { drawPages } from './draw-pages.ts'
import { maxThumbnails, thumbnailBatchPages } from './policy.ts'
import type { StageCall } from './stage-call.ts'

/** `partial` when pages could not be drawn or there are more than 200. The pictures are kept as they come. */
export async function makeThumbnails(deps: DocumentWorkDeps, call: StageCall): Promise<StageResult> {
  const { record, stage, run } = call
  const all = record.pages ?? 0
  const last = Math.min(all, maxThumbnails)
  if (all === 0) return { kind: 'rejected', reason: 'no_pages' }
  const drew = async (pagesBehind: number): Promise<void> => {
    const percent = Math.floor((pagesBehind / last) * 100)
    const isOurs = await deps.documents.noteProgress(record.id, stage, run.fence, percent, deps.clock.nowMs())
    // The document has ended, or another run draws: the next claim says which.
    if (!isOurs) throw new RetryLater('superseded', 0)
  }
  const { pages, failedPages, trouble } = await deps.documentFiles.withStored(record.storageKey, run.signal, (path) =>
    drawPages(deps, { key: record, path, last, batchPages: thumbnailBatchPages, run, drew }),
  )
  if (trouble) return trouble
  if (pages === 0) return { kind: 'rejected', reason: 'pages_unreadable' }
  const reason = failedPages.length > 0 ? 'pages_unreadable' : all > last ? 'pages' : undefined
  const value = { pages, failedPages }
  return reason === undefined ? { kind: 'ok', value } : { kind: 'partial', value, reason }
}

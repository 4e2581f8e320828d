// Thumbnails, batch by batch, each batch a process of its own; what a run before has drawn is not drawn again.
import { thumbnailBatch } from '../../contracts/document-parts.ts'
import { RetryLater } from '../../errors.ts'
import type { StageResult } from '../document-ports.ts'
import type { DocumentWorkDeps } from './deps.ts'
import { maxThumbnails, thumbnailBatchPages } from './policy.ts'
import { asResult, type StageCall } from './stage-call.ts'

type Drawn = { pages: number; failedPages: number[] }

/** `partial` when pages could not be drawn or there are more than 200. The pictures are kept as they come. */
export async function makeThumbnails(deps: DocumentWorkDeps, call: StageCall): Promise<StageResult> {
  const { record, run } = call
  const pages = record.pages ?? 0
  const last = Math.min(pages, maxThumbnails)
  if (pages === 0) return { kind: 'rejected', reason: 'no_pages' }
  const drawn: Drawn = { pages: 0, failedPages: [] }
  const trouble = await deps.documentFiles.withStored(record.storageKey, run.signal, (path) => drawAll(deps, call, path, last, drawn))
  if (trouble) return trouble
  if (drawn.pages === 0) return { kind: 'rejected', reason: 'pages_unreadable' }
  const reason = drawn.failedPages.length > 0 ? 'pages_unreadable' : pages > last ? 'pages' : undefined
  return reason === undefined ? { kind: 'ok', value: drawn } : { kind: 'partial', value: drawn, reason }
}

/** The result that ends it early, if any. */
async function drawAll(deps: DocumentWorkDeps, call: StageCall, path: string, last: number, drawn: Drawn): Promise<StageResult | null> {
  const { record, stage, run } = call
  const there = new Set(await deps.documentResults.thumbnailPages(record))
  drawn.pages = [...there].filter((page) => page <= last).length
  for (let from = 1; from <= last;) {
    if (there.has(from)) {
      from++
      continue
    }
    const until = Math.min(last, from + thumbnailBatchPages - 1)
    const result = asResult(await deps.sandbox.thumbnails(path, from, until, run.signal), run)
    if (result.kind === 'rejected' || result.kind === 'killed') return result
    const batch = thumbnailBatch.parse(result.value)
    const images = batch.images.filter(({ page }) => page >= from && page <= until && !there.has(page))
    await deps.documentResults.addThumbnails(
      record,
      images.map(({ page, webp }) => ({ page, webp: Buffer.from(webp, 'base64') })),
    )
    drawn.pages += images.length
    drawn.failedPages.push(...batch.failedPages)
    // A child cannot make us stand still.
    from = Math.max(from + 1, batch.next)
    const isOurs = await deps.documents.noteProgress(record.id, stage, run.fence, Math.floor(((from - 1) / last) * 100), deps.clock.nowMs())
    // The document has ended, or another run draws: the next claim says which.
    if (!isOurs) throw new RetryLater('superseded', 0)
  }
  return null
}

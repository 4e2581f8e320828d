// Pages drawn as pictures, batch by batch, each batch a process of its own; what a run before has drawn is not drawn again. Thumbnails and the pages that
// signers read are drawn here; what a missing page means is for those who ask.
import { thumbnailBatch } from '../../contracts/document-parts.ts'
import type { ResultKey, StageResult } from '../document-ports.ts'
import type { Run } from '../verification/deliver.ts'
import type { DocumentWorkDeps } from './deps.ts'
import { asResult } from './stage-call.ts'

/**
 * What is to be drawn: pages 1 to `last` of the file at `path`, kept under `key`. `drew` is told after each batch how many pages are behind it and
 * how many pictures it brought.
 */
export type Drawing = {
  key: Omit<ResultKey, 'stage'>
  path: string
  last: number
  batchPages: number
  widthPixels?: number
  run: Run
  drew?: (pagesBehind: number, pictures: number) => Promise<void>
}

/** `pages`: how many pictures there are now; `trouble`: what ended it early, if anything did. */
export type Drawn = { pages: number; failedPages: number[]; trouble: StageResult | null }

/** Draws what is missing and keeps it as it comes. Rejects when the stores do, or the run is to stop. */
export async function drawPages(deps: Pick<DocumentWorkDeps, 'sandbox' | 'documentResults'>, drawing: Drawing): Promise<Drawn> {
  const { key, path, last, batchPages, widthPixels, run } = drawing
  const there = new Set(await deps.documentResults.thumbnailPages(key))
  const drawn: Drawn = { pages: [...there].filter((page) => page <= last).length, failedPages: [], trouble: null }
  for (let from = 1; from <= last;) {
    if (there.has(from)) {
      from++
      continue
    }
    const until = Math.min(last, from + batchPages - 1)
    const result = asResult(await deps.sandbox.thumbnails(path, from, until, run.signal, widthPixels), run)
    if (result.kind === 'rejected' || result.kind === 'killed') return { ...drawn, trouble: result }
    const batch = thumbnailBatch.parse(result.value)
    const images = batch.images.filter(({ page }) => page >= from && page <= until && !there.has(page))
    await deps.documentResults.addThumbnails(
      key,
      images.map(({ page, webp }) => ({ page, webp: Buffer.from(webp, 'base64') })),
    )
    drawn.pages += images.length
    drawn.failedPages.push(...batch.failedPages)
    // A child cannot make us stand still.
    from = Math.max(from + 1, batch.next)
    await drawing.drew?.(from - 1, images.length)
  }
  return drawn
}

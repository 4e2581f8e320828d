// The pages that signers read: larger pictures than thumbnails, drawn before anybody is asked to sign. Where one could not be drawn the thumbnail
// stands in, so that an envelope never waits for a picture.
import { RetryLater } from '../../errors.ts'
import { backoffMs } from '../../lib/backoff.ts'
import type { ResultStore } from '../document-ports.ts'
import type { DocumentWorkDeps } from '../documents/deps.ts'
import { drawPages } from '../documents/draw-pages.ts'
import { maxThumbnails } from '../documents/policy.ts'
import type { EnvelopeRecord } from '../envelope-ports.ts'
import type { Run } from '../verification/deliver.ts'

type PageFile = Pick<EnvelopeRecord, 'documentSha256' | 'documentVersion'>

/** Wide enough to read small print on a screen twice as fine as its pixels count. */
const widthPixels = 1_200
/** A picture may have two megabytes; so many fit in one answer of the sandbox. */
const batchPages = 10
/** After so many runs without a new picture the thumbnails have to do. */
const maxRuns = 3

/**
 * Draws the pages of the document as it was sent, 200 at most, and says in a word whether all are there (`drawn`) or thumbnails stand in (`thumbnails`).
 * Throws RetryLater to be run again: as long as runs bring pictures, else twice.
 */
export async function preparePages(
  deps: Pick<DocumentWorkDeps, 'sandbox' | 'documentFiles' | 'documentResults'>,
  record: Pick<EnvelopeRecord, 'documentKey' | 'pages'> & PageFile,
  run: Run,
): Promise<'drawn' | 'thumbnails'> {
  const last = Math.min(record.pages, maxThumbnails)
  let pictures = 0
  const drew = async (_behind: number, more: number): Promise<void> => void (pictures += more)
  const giveUpOrRepeat = (reason: string): 'thumbnails' => {
    if (pictures === 0 && run.fence.starts >= maxRuns && !isStopping(run)) return 'thumbnails'
    throw new RetryLater(reason, backoffMs(run.backoff, run.tries))
  }
  try {
    const { pages, trouble } = await deps.documentFiles.withStored(record.documentKey, run.signal, (path) =>
      drawPages(deps, { key: largeKey(record), path, last, batchPages, widthPixels, run, drew }),
    )
    if (trouble?.kind === 'killed') return giveUpOrRepeat(`killed_${trouble.reason}`)
    return trouble === null && pages === last ? 'drawn' : 'thumbnails'
  } catch (error) {
    if (error instanceof RetryLater) throw error
    return giveUpOrRepeat(`pages_${error instanceof Error ? ('code' in error ? String(error.code) : error.name) : 'unknown'}`)
  }
}

/** The process is to end: that says nothing about the pages. A run that took too long does. */
function isStopping({ signal }: Run): boolean {
  return signal.aborted && !(signal.reason instanceof Error && signal.reason.name === 'TimeoutError')
}

/** The picture of a page, from 1, as signers see it; null when there is none of any size. */
export async function pageImage(deps: { documentResults: ResultStore }, record: PageFile, page: number): Promise<Buffer | null> {
  return (await deps.documentResults.thumbnail(largeKey(record), page)) ?? deps.documentResults.thumbnail(smallKey(record), page)
}

/** How many pages have a picture at most; of longer documents signers read the rest in the file itself. */
export const maxPageImages = maxThumbnails

/** By content, as all results are: another envelope of the same bytes finds them drawn. */
function largeKey({ documentSha256: sha256, documentVersion }: PageFile): { sha256: string; version: string } {
  return { sha256, version: `${documentVersion}.pages` }
}

function smallKey({ documentSha256: sha256, documentVersion: version }: PageFile): { sha256: string; version: string } {
  return { sha256, version }
}

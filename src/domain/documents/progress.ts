// How long a document will still take: a guess for people who wait, from its pages and from what is done.
import { documentStages, type DocumentStage } from '../../contracts/document.ts'
import type { DocumentRecord } from '../document-ports.ts'
import { maxThumbnails, stageCostsMs } from './policy.ts'

/** Before the pages are counted. */
const usualPages = 10

/** Milliseconds still to come if nothing waits; 0 for one that has ended. */
export function remainingMs(record: DocumentRecord): number {
  if (record.endedAtMs !== undefined) return 0
  const waiting = documentStages.filter((stage) => record.stages[stage].status === 'waiting')
  return waiting.reduce((sum, stage) => sum + costMs(stage, record.pages ?? usualPages), 0)
}

function costMs(stage: DocumentStage, pages: number): number {
  const { fixed, page } = stageCostsMs[stage]
  return fixed + page * (stage === 'thumbnails' ? Math.min(pages, maxThumbnails) : pages)
}

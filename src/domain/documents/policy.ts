// The numbers of documents.
import { DAY_MS, HOUR_MS } from '../../lib/durations.ts'

/** Raise it whenever the same bytes would give another result: results of other versions are not used again. */
export const analyserVersion = '2'

/** What is larger is not opened. */
export const maxDocumentBytes = 104_857_600
/** Pages that get a thumbnail, so many to a process. */
export const maxThumbnails = 200
export const thumbnailBatchPages = 25
export const thumbnailWidthPixels = 400
/** A document that brought down this many processes in one stage is quarantined. */
export const killsForQuarantine = 2
/** A crash may have been the machine's: it is believed of the same bytes for this long (contract: one hour). */
export const killKeptMs = HOUR_MS
/** Certificates end and are revoked: a judgement is used for other documents for this long only. */
export const judgementKeptMs = DAY_MS
/** Parts of the service that are away are waited for this long. */
export const patienceMs = DAY_MS
/** A model is asked this often; then the analysis goes without it. */
export const modelTries = 3
/** Characters of text that a model is given. */
export const maxModelCharacters = 24_000

/** How long a stage takes, roughly, on two cores that do nothing else; for the estimate only. */
export const stageCostsMs = {
  preflight: { fixed: 800, page: 0.5 },
  text: { fixed: 600, page: 4 },
  thumbnails: { fixed: 800, page: 40 },
  signatures: { fixed: 1_000, page: 0 },
  analysis: { fixed: 600, page: 2 },
} as const

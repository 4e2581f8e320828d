// Draw the pages of a document, batch by batch.
import { defineJob } from '../define.ts'
import { documentJob } from '../document-job.ts'
import { MINUTE_MS } from '../../lib/durations.ts'

export const documentThumbnails = defineJob({
  ...documentJob,
  name: 'document.thumbnails',
  timeoutMs: 20 * MINUTE_MS,
  jobId: ({ documentId }) => `document.thumbnails.${documentId}`,
})

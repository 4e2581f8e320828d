// Look what the text of a document says of itself.
import { defineJob } from '../define.ts'
import { documentJob } from '../document-job.ts'
import { MINUTE_MS } from '../../lib/durations.ts'

export const documentAnalysis = defineJob({
  ...documentJob,
  name: 'document.analysis',
  timeoutMs: 5 * MINUTE_MS,
  jobId: ({ documentId }) => `document.analysis.${documentId}`,
})

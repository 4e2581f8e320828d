// Read the text of a document.
import { defineJob } from '../define.ts'
import { documentJob } from '../document-job.ts'
import { MINUTE_MS } from '../../lib/durations.ts'

export const documentText = defineJob({
  ...documentJob,
  name: 'document.text',
  timeoutMs: 5 * MINUTE_MS,
  jobId: ({ documentId }) => `document.text.${documentId}`,
})

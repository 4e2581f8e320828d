// Count what a document would cost to open, and refuse what costs too much.
import { defineJob } from '../define.ts'
import { documentJob } from '../document-job.ts'
import { MINUTE_MS } from '../../lib/durations.ts'

export const documentPreflight = defineJob({
  ...documentJob,
  name: 'document.preflight',
  timeoutMs: 5 * MINUTE_MS,
  jobId: ({ documentId }) => `document.preflight.${documentId}`,
})

// Write the row of a document that has ended.
import { SECOND_MS } from '../../lib/durations.ts'
import { defineJob } from '../define.ts'
import { documentJob } from '../document-job.ts'

export const documentRecord = defineJob({
  ...documentJob,
  name: 'document.record',
  timeoutMs: 30 * SECOND_MS,
  jobId: ({ documentId }) => `document.record.${documentId}`,
})

// Judge the signatures of a document.
import { defineJob } from '../define.ts'
import { documentJob } from '../document-job.ts'
import { MINUTE_MS } from '../../lib/durations.ts'

export const documentSignatures = defineJob({
  ...documentJob,
  name: 'document.signatures',
  timeoutMs: 5 * MINUTE_MS,
  jobId: ({ documentId }) => `document.signatures.${documentId}`,
})

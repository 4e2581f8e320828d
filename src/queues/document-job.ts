// What the jobs of documents share: the queue, the payload and the waits.
import { z } from 'zod'
import { SECOND_MS } from '../lib/durations.ts'
import { partitionOfId, readId } from '../lib/ids.ts'

const payload = z.strictObject({ documentId: z.string().refine((id) => readId('doc', id) !== null, 'must be a document id') })

export const documentJob = {
  queue: 'documents',
  payload,
  backoff: { firstMs: 0.5 * SECOND_MS, maxMs: 30 * SECOND_MS },
  partition: ({ documentId }: z.output<typeof payload>) => partitionOfId(documentId),
} as const

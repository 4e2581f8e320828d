// Hand a submission over: its data is durable, its draft gone; now the world is told.
import { z } from 'zod'
import { SECOND_MS } from '../../lib/durations.ts'
import { partitionOfId, readId } from '../../lib/ids.ts'
import { defineJob } from '../define.ts'

export const flowCompleted = defineJob({
  name: 'flow.completed',
  queue: 'maintenance',
  payload: z.strictObject({ submissionId: z.string().refine((id) => readId('sub', id) !== null, 'must be a submission id') }),
  backoff: { firstMs: SECOND_MS, maxMs: 60 * SECOND_MS },
  timeoutMs: 30 * SECOND_MS,
  jobId: ({ submissionId }) => `flow.completed.${submissionId}`,
  partition: ({ submissionId }) => partitionOfId(submissionId),
})

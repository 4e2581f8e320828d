// Evaluate one compliance check when it is due.
import { z } from 'zod'
import { MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'
import { partitionOfId, readId } from '../../lib/ids.ts'
import { defineJob } from '../define.ts'

export const checkEvaluate = defineJob({
  name: 'check.evaluate',
  queue: 'compliance',
  payload: z.strictObject({ checkId: z.string().refine((id) => readId('chk', id) !== null, 'must be the id of a check') }),
  backoff: { firstMs: SECOND_MS, maxMs: 60 * SECOND_MS },
  timeoutMs: 3 * MINUTE_MS,
  jobId: ({ checkId }) => `check.evaluate.${checkId}`,
  partition: ({ checkId }) => partitionOfId(checkId),
})

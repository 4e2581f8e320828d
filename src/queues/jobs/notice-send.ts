// Send one mail that is owed. When, to whom and whether still is Postgres's to say; what has a time of its own waits on the queue until then.
import { z } from 'zod'
import { MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'
import { readId } from '../../lib/ids.ts'
import { defineJob } from '../define.ts'

export const noticeSend = defineJob({
  name: 'notice.send',
  queue: 'mail',
  payload: z.strictObject({ noticeId: z.string().refine((id) => readId('ntc', id) !== null, 'must be a notice id') }),
  backoff: { firstMs: SECOND_MS, maxMs: 10 * MINUTE_MS },
  timeoutMs: 20 * SECOND_MS,
  jobId: ({ noticeId }) => `notice.send.${noticeId}`,
  partition: ({ noticeId }) => readId('ntc', noticeId)?.partition ?? 0,
})

// Send one link (and the code beside it) by e-mail. The code is derived by the worker from the id; the payload only points at the attempt.
import { SECOND_MS } from '../../lib/durations.ts'
import { defineJob } from '../define.ts'
import { sendAttempt, sendAttemptJobId, sendAttemptPartition } from '../send-attempt.ts'

export const emailLinkSend = defineJob({
  name: 'email-link.send',
  queue: 'mail',
  payload: sendAttempt,
  backoff: { firstMs: 0.5 * SECOND_MS, maxMs: 30 * SECOND_MS },
  timeoutMs: 15 * SECOND_MS,
  jobId: (payload) => sendAttemptJobId('email-link.send', payload),
  partition: sendAttemptPartition,
})

// Send one code to a phone. The code is derived by the worker from the id; the payload only points at the attempt.
import { SECOND_MS } from '../../lib/durations.ts'
import { defineJob } from '../define.ts'
import { sendAttempt, sendAttemptJobId, sendAttemptPartition } from '../send-attempt.ts'

export const otpSend = defineJob({
  name: 'otp.send',
  queue: 'otp',
  payload: sendAttempt,
  backoff: { firstMs: 0.5 * SECOND_MS, maxMs: 30 * SECOND_MS },
  timeoutMs: 15 * SECOND_MS,
  jobId: (payload) => sendAttemptJobId('otp.send', payload),
  partition: sendAttemptPartition,
})

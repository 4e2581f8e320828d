// Look whether everything that is kept is still what it was. The slot (hours since 1970) makes it one sweep an hour.
import { z } from 'zod'
import { MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'
import { defineJob } from '../define.ts'

export const integritySweep = defineJob({
  name: 'integrity.sweep',
  queue: 'maintenance',
  payload: z.strictObject({ slot: z.int().min(0) }),
  backoff: { firstMs: SECOND_MS, maxMs: MINUTE_MS },
  timeoutMs: 10 * MINUTE_MS,
  jobId: ({ slot }) => `integrity.sweep.${slot}`,
  partition: () => 0,
})

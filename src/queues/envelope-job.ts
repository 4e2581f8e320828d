// What the jobs of envelopes share: the queue, the payload and the waits.
import { z } from 'zod'
import { SECOND_MS } from '../lib/durations.ts'
import { partitionOfId, readId } from '../lib/ids.ts'

const payload = z.strictObject({ envelopeId: z.string().refine((id) => readId('env', id) !== null, 'must be an envelope id') })

export const envelopeJob = {
  queue: 'envelopes',
  payload,
  backoff: { firstMs: 0.5 * SECOND_MS, maxMs: 60 * SECOND_MS },
  partition: ({ envelopeId }: z.output<typeof payload>) => partitionOfId(envelopeId),
} as const

// Public shapes of the answers about the service itself.
import { z } from 'zod'

export const health = z.object({ status: z.literal('ok') })

export const readiness = z.object({
  ready: z.boolean(),
  parts: z
    .record(z.string(), z.object({ ready: z.boolean(), detail: z.string().optional().describe('a short reason, never an address') }))
    .describe('each part that must answer, by name; a part that may be away without harm is reported as ready with a detail'),
})

export type ReadinessReport = z.infer<typeof readiness>

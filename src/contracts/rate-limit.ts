// Public shapes of limits as a service: count one use of a key, exactly.
import { z } from 'zod'
import { expiresIn } from './expires-in.ts'

export const rateLimitRequest = z.strictObject({
  key: z.string().min(1).max(512),
  limit: z.int().min(1).max(10_000),
  window: expiresIn(86_400).describe('seconds, or a number with s, m, h, d; a day at most'),
})

export const rateLimitAnswer = z.object({
  allowed: z.boolean().describe('whether this use was counted'),
  remaining: z.int(),
  resetAt: z.iso.datetime().describe('when the oldest use that counts leaves the window'),
})

export type RateLimitRequest = z.output<typeof rateLimitRequest>
export type RateLimitAnswer = z.infer<typeof rateLimitAnswer>

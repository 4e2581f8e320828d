// The error body of every answer: RFC 9457 with our members.
import { z } from 'zod'
import { errorCodes } from '../errors.ts'

export const problem = z.object({
  type: z.string().describe('a URI reference that names the kind of problem'),
  title: z.string().describe('a sentence that fits every occurrence'),
  status: z.int(),
  detail: z.string().optional(),
  instance: z.string().describe('the request id'),
  code: z.enum(errorCodes as [string, ...string[]]),
  retryable: z.boolean().describe('whether the same request may succeed later'),
  retryAfter: z.int().optional().describe('seconds'),
  attemptsRemaining: z.int().optional(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
})

export type Problem = z.infer<typeof problem>

// The error body of every answer: RFC 9457 with our members.
import { z } from 'zod'
import { errorCodes } from '../errors.ts'

export const problem = z.object({
  type: z.string().describe('a URI reference that names the kind of problem'),
  title: z.string().describe('a sentence that fits every occurrence'),
  status: z.int(),
  detail: z.string().describe('a sentence about this occurrence'),
  instance: z.string().describe('the request id'),
  code: z.enum(errorCodes as [string, ...string[]]),
  retryable: z.boolean().describe('whether the same request may succeed later'),
  retryAfter: z.int().optional().describe('seconds'),
  attemptsRemaining: z.int().optional(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
  conflict: z
    .object({ version: z.int(), yours: z.unknown().optional(), theirs: z.unknown().optional() })
    .optional()
    .describe('what was sent and what is there; `version` is the one to change next'),
  steps: z.array(z.int()).optional().describe('the steps that are not valid'),
})

export type Problem = z.infer<typeof problem>

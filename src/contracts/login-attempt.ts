// Public shapes of sign-in attempts, as the service that checks passwords tells them.
import { z } from 'zod'

export const loginOutcomes = ['success', 'failure'] as const

const identifier = z.string().trim().min(1).max(320)
const device = z.string().min(16).max(256)

export const loginAttemptRequest = z.strictObject({
  identifier: identifier.describe('what the person signs in with: a user name, an address, an id'),
  outcome: z.enum(loginOutcomes),
  device: device.optional().describe("a random value that lives in the person's browser (a long-lived cookie of yours)"),
})
export const loginIdentifier = identifier
export const loginDevice = device

export const loginStanding = z.object({
  allowed: z.boolean().describe('whether another try may be made now'),
  retryAfter: z.int().describe('seconds until it may; 0 when it may'),
  failures: z.int().describe('in the last hour, as far as they count for this person from here'),
})

export type LoginAttemptRequest = z.output<typeof loginAttemptRequest>
export type LoginStanding = z.infer<typeof loginStanding>

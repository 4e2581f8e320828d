// The list of every job there is, and the types derived from it.
import type { z } from 'zod'
import type { QueueName } from './define.ts'
import { emailCodeSend } from './jobs/email-code-send.ts'
import { emailLinkSend } from './jobs/email-link-send.ts'
import { otpSend } from './jobs/otp-send.ts'

export const registry = {
  'otp.send': otpSend,
  'email-code.send': emailCodeSend,
  'email-link.send': emailLinkSend,
} as const

export type JobName = keyof typeof registry
export type JobPayload<Name extends JobName> = z.output<(typeof registry)[Name]['payload']>

/** Every queue that some job uses, once. */
export const queueNames: readonly QueueName[] = [...new Set(Object.values(registry).map((contract) => contract.queue))]

export function isJobName(name: string): name is JobName {
  return Object.hasOwn(registry, name)
}

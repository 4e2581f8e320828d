// The payload that every message-sending job shares: which attempt of which verification.
import { z } from 'zod'
import { readId } from '../lib/ids.ts'

export const sendAttempt = z.strictObject({
  verificationId: z.string().refine((id) => readId('ver', id) !== null, 'must be a verification id'),
  attempt: z.int().min(1).max(100),
})

export type SendAttempt = z.output<typeof sendAttempt>

/** `otp.send.ver_….1`: one job for one attempt, however often it is added. */
export function sendAttemptJobId(name: string, { verificationId, attempt }: SendAttempt): string {
  return `${name}.${verificationId}.${attempt}`
}

export function sendAttemptPartition({ verificationId }: SendAttempt): number {
  return readId('ver', verificationId)?.partition ?? 0
}

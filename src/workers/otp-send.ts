// Sends one code to a phone. What may be sent, when, and how often is the domain's to say.
import { deliverAttempt } from '../domain/verification/deliver.ts'
import type { Processor } from './processor.ts'

export const processOtpSend: Processor<'otp.send'> = deliverAttempt

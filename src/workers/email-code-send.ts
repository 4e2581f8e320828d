// Sends one code by e-mail. What may be sent, when, and how often is the domain's to say.
import { deliverAttempt } from '../domain/verification/deliver.ts'
import type { Processor } from './processor.ts'

export const processEmailCodeSend: Processor<'email-code.send'> = deliverAttempt

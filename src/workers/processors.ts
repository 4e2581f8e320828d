// Which processor does which job. It does not compile until every job has one.
import type { JobName } from '../queues/registry.ts'
import { processEmailCodeSend } from './email-code-send.ts'
import { processEmailLinkSend } from './email-link-send.ts'
import { processOtpSend } from './otp-send.ts'
import type { Processor } from './processor.ts'

export const processors: { [Name in JobName]: Processor<Name> } = {
  'otp.send': processOtpSend,
  'email-code.send': processEmailCodeSend,
  'email-link.send': processEmailLinkSend,
}

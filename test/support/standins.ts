// The stand-ins for other people's services, on free ports, as one bundle for a test file.
import { createOutbox, startOutboxServer, type Outbox } from '../../src/standins/outbox.ts'
import { startMailCatcher, type MailCatcher } from '../../src/standins/mail-catcher.ts'
import { startTwilioApi, type TwilioApi } from '../../src/standins/twilio-api.ts'

export type Standins = {
  mail: MailCatcher
  twilio: TwilioApi
  outbox: Outbox
  /** The settings that point a process of ours at them. */
  env: { SMTP_URL: string; TWILIO_BASE_URL: string; OUTBOX_URL: string }
  stop(): Promise<void>
}

/** Starts all three. The account must be the one that the process under test is given (`testEnvironment`). */
export async function startStandins(account: {
  TWILIO_ACCOUNT_SID: string
  TWILIO_AUTH_TOKEN: string
  receiptFile?: string
}): Promise<Standins> {
  const outbox = createOutbox()
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, receiptFile } = account
  const [mail, twilio] = await Promise.all([
    startMailCatcher(0, outbox),
    startTwilioApi({ port: 0, accountSid, authToken, outbox, callbackDelayMs: 5, ...(receiptFile === undefined ? {} : { receiptFile }) }),
  ])
  const server = await startOutboxServer(0, outbox, { mail, twilio })
  const stop = async (): Promise<void> => {
    await Promise.all([mail.stop(), twilio.stop(), server.stop()])
  }
  return { mail, twilio, outbox, env: { SMTP_URL: mail.url, TWILIO_BASE_URL: twilio.url, OUTBOX_URL: `${server.url}/outbox` }, stop }
}

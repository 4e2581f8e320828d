// What stands in a channel's place when its settings are missing: jobs of it are refused for good, and say why.
import type { MailProvider, SmsProvider } from '../domain/ports.ts'

const refuse = async () => ({ kind: 'permanent', reason: 'channel_not_configured' }) as const

export const disabledSms: SmsProvider = { name: 'none', send: refuse }
export const disabledMail: MailProvider = { name: 'none', send: refuse, close: () => {} }

// What an SMTP error means for the message. Pure.
import type { Delivery } from '../../domain/ports.ts'

const words: Readonly<Record<string, string>> = {
  ETIMEDOUT: 'timeout',
  EABORT: 'timeout',
  ECONNECTION: 'connection',
  ESOCKET: 'connection',
  EDNS: 'dns',
  ETLS: 'tls',
  EAUTH: 'auth',
  EENVELOPE: 'envelope',
  EMESSAGE: 'message',
}

/**
 * A refusal of the recipient or of the message is permanent. One of the session, the credentials or the sender is transient: it says
 * nothing of this message, and goes away once the operator mends it. Without a reply, all depends on `wasBodyRead`: whether the message
 * may have left.
 */
export function judgeSmtpError(error: unknown, wasBodyRead: boolean): Delivery {
  const { code, command, responseCode } = readError(error)
  if (responseCode !== undefined) {
    const isFinal = responseCode >= 500 && responseCode !== 503 && code !== 'EAUTH' && (command === 'RCPT TO' || command === 'DATA')
    return { kind: isFinal ? 'permanent' : 'transient', reason: `smtp_${responseCode}` }
  }
  const reason = `smtp_${words[code] ?? 'error'}`
  if (wasBodyRead) return { kind: 'unknown', reason }
  // Refused by nodemailer itself before it spoke to anyone: an address or a size that will not change.
  return { kind: code === 'EENVELOPE' || code === 'EMESSAGE' ? 'permanent' : 'transient', reason }
}

function readError(error: unknown): { code: string; command?: string; responseCode?: number } {
  if (typeof error !== 'object' || error === null) return { code: '' }
  const { code, command, responseCode } = error as Record<string, unknown>
  return {
    code: typeof code === 'string' ? code : '',
    ...(typeof command === 'string' ? { command } : {}),
    ...(typeof responseCode === 'number' && responseCode >= 400 && responseCode < 600 ? { responseCode } : {}),
  }
}

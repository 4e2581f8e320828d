// Reminders: each is owed once the mail before it has ended, so that there is never more than one to come.
import { SECOND_MS } from '../../lib/durations.ts'
import { partitionOfId } from '../../lib/ids.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { EnvelopeRecord } from '../envelope-ports.ts'
import type { NewNotice, NoticeRecord, NoticeSettlement } from '../notice-ports.ts'
import { noticeFor, openAddressee } from './make.ts'

/**
 * The reminder that follows an invitation or a reminder; null when none does: the envelope has none, there were as many as it has, or it ends before. A mail whose
 * reason is gone or that was refused for good ends them.
 */
export function nextReminder(
  keyring: Keyring,
  notice: NoticeRecord,
  { reminders, expiresAtMs }: EnvelopeRecord,
  { kind }: NoticeSettlement,
  nowMs: number,
): NewNotice | null {
  if (!reminders || (notice.kind !== 'signature_request' && notice.kind !== 'signature_reminder')) return null
  if (kind !== 'sent' && kind !== 'unknown') return null
  const number = notice.kind === 'signature_reminder' ? notice.number + 1 : 1
  const dueAtMs = nowMs + reminders.everySeconds * SECOND_MS
  const to = openAddressee(keyring, notice)
  if (number > reminders.max || dueAtMs >= expiresAtMs || !to) return null
  const { envelopeId, signer, requestId } = notice
  const about = { kind: 'signature_reminder', envelopeId, signer, number } as const
  return noticeFor(keyring, { ...about, to, dueAtMs, nowMs, requestId, partition: partitionOfId(notice.id) })
}

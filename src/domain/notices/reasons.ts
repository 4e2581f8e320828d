// Why a mail is owed, and whether that still holds when it is about to be sent. Nothing is sent after its reason is gone.
import type { EnvelopeStatus } from '../../contracts/envelope.ts'
import type { NoticeKind } from '../../contracts/notification.ts'
import type { EnvelopeRecord } from '../envelope-ports.ts'
import type { NoticeRecord } from '../notice-ports.ts'

type EnvelopeKind = Exclude<NoticeKind, 'digest'>

/** Where the envelope must stand; `asks`: and it must be that signer's turn. */
const reasons: Readonly<Record<EnvelopeKind, { in: readonly EnvelopeStatus[]; asks?: true }>> = {
  signature_request: { in: ['sent', 'partially_signed'], asks: true },
  signature_reminder: { in: ['sent', 'partially_signed'], asks: true },
  envelope_completed: { in: ['completed'] },
  envelope_declined: { in: ['declined'] },
  envelope_expired: { in: ['expired'] },
  envelope_canceled: { in: ['canceled'] },
  envelope_seal_failed: { in: ['seal_failed'] },
}

/** Why a mail about an envelope is not to be sent, in a word; null while its reason is there. */
export function reasonGone(
  { kind, signer }: Pick<NoticeRecord, 'signer'> & { kind: EnvelopeKind },
  record: EnvelopeRecord | null,
  nowMs: number,
): string | null {
  const reason = reasons[kind]
  if (!record) return 'envelope_missing'
  if (record.purgedAtMs !== undefined) return 'envelope_purged'
  if (!reason.in.includes(record.status)) return `envelope_${record.status}`
  if (!reason.asks) return null
  // Its end may be due and not written yet.
  return record.expiresAtMs <= nowMs ? 'envelope_expired' : turnGone(record, signer)
}

function turnGone({ signers }: EnvelopeRecord, number: number | null): string | null {
  const signer = signers.find((candidate) => candidate.number === number)
  if (!signer) return 'signer_missing'
  if (signer.status === 'signed' || signer.status === 'declined') return `signer_${signer.status}`
  return signer.invitedAtMs === undefined ? 'signer_waits' : null
}

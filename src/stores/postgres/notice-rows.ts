// Between the rows of notices and notifications and the records of the domain.
import { noticeKinds, notificationKinds, type NoticeStatus } from '../../contracts/notification.ts'
import type { NoticeRecord, NotificationRecord } from '../../domain/notice-ports.ts'

export type NoticeRow = {
  id: string
  kind: string
  envelope_id: string | null
  signer: number | null
  ordinal: number
  audience: string | null
  sealed: string
  status: NoticeStatus
  due_at: Date
  fence_ms: string
  fence_starts: number
  tries: number
  unknowns: number
  provider: string | null
  reference: string | null
  reason: string | null
  request_id: string
  created_at: Date
  ended_at: Date | null
}

export type NotificationRow = {
  id: string
  audience: string
  kind: string
  subject: string
  sealed: string
  mail_to: string | null
  is_mailed: boolean
  request_id: string
  created_at: Date
  read_at: Date | null
  digested_at: Date | null
}

export function noticeOf(row: NoticeRow): NoticeRecord {
  const kind = noticeKinds.find((known) => known === row.kind)
  if (!kind) throw new TypeError('a stored notice has an unknown kind')
  return {
    id: row.id,
    kind,
    envelopeId: row.envelope_id,
    signer: row.signer,
    number: row.ordinal,
    audience: row.audience,
    sealed: row.sealed,
    dueAtMs: row.due_at.getTime(),
    createdAtMs: row.created_at.getTime(),
    requestId: row.request_id,
    status: row.status,
    tries: row.tries,
    unknowns: row.unknowns,
    ...(row.provider === null ? {} : { provider: row.provider }),
    ...(row.reference === null ? {} : { reference: row.reference }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.ended_at === null ? {} : { endedAtMs: row.ended_at.getTime() }),
  }
}

export function notificationOf(row: NotificationRow): NotificationRecord {
  const kind = notificationKinds.find((known) => known === row.kind)
  if (!kind) throw new TypeError('a stored notification has an unknown kind')
  return {
    id: row.id,
    audience: row.audience,
    kind,
    subject: row.subject,
    sealed: row.sealed,
    mailTo: row.mail_to,
    isMailed: row.is_mailed,
    createdAtMs: row.created_at.getTime(),
    requestId: row.request_id,
    ...(row.read_at === null ? {} : { readAtMs: row.read_at.getTime() }),
    ...(row.digested_at === null ? {} : { digestedAtMs: row.digested_at.getTime() }),
  }
}

// Public shapes of notifications, and the kinds of mail that are owed for a reason.
import { z } from 'zod'
import { pageSchema } from './page.ts'

export const noticeKinds = [
  'signature_request',
  'signature_reminder',
  'envelope_completed',
  'envelope_declined',
  'envelope_expired',
  'envelope_canceled',
  'envelope_seal_failed',
  'digest',
] as const
export const noticeStatuses = ['scheduled', 'sending', 'sent', 'skipped', 'failed', 'unknown'] as const
export const notificationKinds = [
  'signature_requested',
  'signer_signed',
  'envelope_declined',
  'envelope_completed',
  'envelope_expired',
  'envelope_canceled',
  'envelope_seal_failed',
  'check_final',
] as const

export type NoticeKind = (typeof noticeKinds)[number]
export type NoticeStatus = (typeof noticeStatuses)[number]
export type NotificationKind = (typeof notificationKinds)[number]

export const notification = z.object({
  id: z.string(),
  kind: z.enum(notificationKinds),
  subject: z.string().describe('id of what it is about'),
  title: z.string(),
  text: z.string(),
  createdAt: z.iso.datetime(),
  readAt: z.iso.datetime().nullable(),
})

export const notificationPage = pageSchema(notification).extend({
  unreadCount: z.int().describe('of all that is one’s own, whatever the query'),
})
export const allReadAnswer = z.object({ marked: z.int().describe('how many were unread until now'), unreadCount: z.int() })

export type NotificationPage = z.infer<typeof notificationPage>
export type Notification = z.infer<typeof notification>

// One's own notifications: listed, counted, marked as read. A caller is a credential, and its verified e-mail address as well.
import type { Notification, NotificationPage } from '../../contracts/notification.ts'
import { AppError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { createId, partitionOfId } from '../../lib/ids.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { callerKey, type Caller } from '../caller.ts'
import type { OutboxEvent } from '../event-ports.ts'
import type { NotificationRecord, NotificationStore } from '../notice-ports.ts'
import { placeOf, toPage, type PageRequest } from '../page.ts'
import type { Trace } from '../state-ports.ts'
import { canonicalEmailAddress } from '../verification/email-address.ts'
import { audiencePrints, openNotification } from './make.ts'

export type NotificationDeps = { clock: Clock; keyring: Keyring; notifications: NotificationStore }

export type NotificationRequest = PageRequest & { isUnreadOnly: boolean }

/** Newest first, stable while others come. Throws `invalid_request` for a foreign cursor. */
export async function listNotifications(deps: NotificationDeps, caller: Caller, request: NotificationRequest): Promise<NotificationPage> {
  const { keyring, notifications } = deps
  const audiences = audiencesOf(keyring, caller)
  const query = `notifications ${request.isUnreadOnly ? 'unread' : 'all'} ${audiences.join(' ')}`
  const before = readPlace(placeOf(keyring, query, request))
  const { records, total, unread } = await notifications.page(audiences, before, request.first + 1, request.isUnreadOnly)
  const page = toPage({ keyring, query, request }, records, total, placeOfRecord, (record) => viewOf(keyring, record))
  return { ...page, unreadCount: unread }
}

/** Twice is once. Throws `not_found` for one that is not there or not the caller's. */
export async function readNotification(deps: NotificationDeps, caller: Caller, id: string, trace: Trace): Promise<Notification> {
  const audiences = audiencesOf(deps.keyring, caller)
  const nowMs = deps.clock.nowMs()
  const event = { ...eventOf(`notification:${id}`, 2, partitionOfId(id), trace, nowMs), data: { audience: audiences[0] ?? '' } }
  const record = await deps.notifications.markRead(id, audiences, nowMs, event)
  if (!record) throw new AppError('not_found')
  return viewOf(deps.keyring, record)
}

/** Marks all that is the caller's own; how many were unread, and how many are now (others may have come). */
export async function readAllNotifications(
  deps: NotificationDeps,
  caller: Caller,
  trace: Trace,
): Promise<{ marked: number; unreadCount: number }> {
  const audiences = audiencesOf(deps.keyring, caller)
  const nowMs = deps.clock.nowMs()
  const marked = await deps.notifications.markAllRead(audiences, nowMs, (count) => ({
    ...eventOf('notifications', nowMs, 0, trace, nowMs),
    data: { audience: audiences[0] ?? '', count: String(count) },
  }))
  const { unread } = await deps.notifications.page(audiences, undefined, 1, true)
  return { marked, unreadCount: unread }
}

/** Every fingerprint under which something may have been written for this caller. */
function audiencesOf(keyring: Keyring, caller: Caller): string[] {
  const own = audiencePrints(keyring, { callerKey: callerKey(caller) })
  const email = caller.kind === 'user' && caller.email !== undefined ? canonicalEmailAddress(caller.email) : null
  return email?.ok ? [...own, ...audiencePrints(keyring, { email: email.canonical })] : own
}

function eventOf(subject: string, sequence: number, partition: number, trace: Trace, atMs: number): OutboxEvent {
  return {
    ...trace,
    id: createId('evt', { partition, keyTag: 0, traits: 0 }),
    partition,
    type: 'notification.read',
    subject,
    sequence,
    atMs,
  }
}

/** Words whose key has left the ring are empty: the count stays what it is. */
function viewOf(keyring: Keyring, record: NotificationRecord): Notification {
  const { id, kind, subject, createdAtMs, readAtMs } = record
  const { title, text } = openNotification(keyring, record) ?? { title: '', text: '' }
  const readAt = readAtMs === undefined ? null : new Date(readAtMs).toISOString()
  return { id, kind, subject, title, text, createdAt: new Date(createdAtMs).toISOString(), readAt }
}

function placeOfRecord({ createdAtMs, id }: NotificationRecord): string {
  return `${createdAtMs} ${id}`
}

function readPlace(place: string | undefined): { createdAtMs: number; id: string } | undefined {
  if (place === undefined) return undefined
  const [createdAtMs = '', id = ''] = place.split(' ')
  return { createdAtMs: Number(createdAtMs), id }
}

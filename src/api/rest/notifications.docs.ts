// What the generated document says of the notification routes.
import { allReadAnswer, notification, notificationPage } from '../../contracts/notification.ts'
import type { Documentation } from '../route.ts'

const tag = 'Notifications'

/** One entry for each route of rest/notifications.ts. */
export const notificationDocs = {
  list: {
    id: 'listNotifications',
    tag,
    summary: 'List one’s own notifications',
    details:
      'Newest first. One’s own are those of the credential and, for a user, those of the verified e-mail address. `unreadCount` counts all of them, whatever the query. Kept for 180 days.',
    parameters: [
      { in: 'query', name: 'unread', means: '`true`: only what was not read' },
      { in: 'query', name: 'first', means: '1 to 100, 20 if left out' },
      { in: 'query', name: 'after', means: 'a cursor' },
    ],
    answers: [{ status: 200, means: 'A page.', schema: notificationPage }],
    problems: ['invalid_request'],
  },
  read: {
    id: 'readNotification',
    tag,
    summary: 'Mark a notification as read',
    details: 'A second time changes nothing. What was read is in no digest any more.',
    answers: [{ status: 200, means: 'The notification.', schema: notification }],
    problems: ['not_found'],
  },
  readAll: {
    id: 'readAllNotifications',
    tag,
    summary: 'Mark all one’s own notifications as read',
    answers: [{ status: 200, means: 'Marked.', schema: allReadAnswer }],
    problems: [],
  },
} as const satisfies Record<string, Documentation>

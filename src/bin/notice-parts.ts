// The parts of notices and notifications that API and worker build.
import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { NoticeSendDeps } from '../domain/notices/deps.ts'
import type { DigestDeps } from '../domain/notifications/digest.ts'
import { systemClock as clock } from '../lib/clock.ts'
import { SECOND_MS } from '../lib/durations.ts'
import { createLanes } from '../lib/lanes.ts'
import { projectRoot } from '../lib/run-file.ts'
import type { Log } from '../log.ts'
import { createNoticeTemplates } from '../providers/notice-templates.ts'
import type { JobProducer } from '../queues/bullmq.ts'
import { createNotificationStore } from '../stores/postgres/notifications.ts'
import { createNoticeStore } from '../stores/postgres/notices.ts'
import type { Pool } from '../stores/postgres/pool.ts'
import type { Loop } from '../workers/loops/every.ts'
import { startOwed } from '../workers/loops/owed.ts'

/** One fewer than the connections of the mail provider: one is left for codes. */
const mailsAtOnce = 4

/** The API's half. */
export function noticeStores(pool: Pool): Pick<NoticeSendDeps, 'notices' | 'notifications'> {
  return { notices: createNoticeStore(pool), notifications: createNotificationStore(pool) }
}

/** A worker's half. */
export function noticeParts(
  pool: Pool,
  config: Pick<Config, 'DIGEST_AFTER_SECONDS'>,
): Pick<NoticeSendDeps & DigestDeps, 'notices' | 'notifications' | 'noticeLanes' | 'noticeTemplates' | 'digestAfterMs'> {
  return {
    ...noticeStores(pool),
    noticeLanes: createLanes(mailsAtOnce),
    noticeTemplates: createNoticeTemplates(join(projectRoot, 'templates')),
    digestAfterMs: config.DIGEST_AFTER_SECONDS * SECOND_MS,
  }
}

/** Sees to it that mails which are due have jobs. */
export function startNoticesOwed(pool: Pool, jobs: JobProducer, log: Log): Loop {
  return startOwed('notices', { owed: createNoticeStore(pool).owed, jobs, clock, log })
}

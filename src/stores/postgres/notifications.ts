// Notifications in Postgres: kept with the change that they tell of, read by their audience, gathered into digests. Their events are kept with them.
import type { PoolClient } from 'pg'
import type { NewNotice, NewNotification, NotificationStore } from '../../domain/notice-ports.ts'
import { createId, partitionOfId } from '../../lib/ids.ts'
import { asking, inTransaction, keepEvent } from './events.ts'
import { keepNotice } from './notices.ts'
import { notificationOf, type NotificationRow } from './notice-rows.ts'
import type { Pool } from './pool.ts'

const insert = `insert into notifications (id, audience, kind, subject, sealed, mail_to, is_mailed, request_id, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing`
const isUnseen = 'read_at is null and not is_mailed and digested_at is null'
const mostForgotten = 1_000

/** Keeps a notification and its event `notification.created` with the change that it tells of, in that change's own transaction. */
export async function keepNotification(client: Pick<PoolClient, 'query'>, notification: NewNotification): Promise<void> {
  const { id, audience, kind, subject, sealed, mailTo, isMailed, requestId, createdAtMs } = notification
  const { rowCount } = await client.query(insert, [id, audience, kind, subject, sealed, mailTo, isMailed, requestId, new Date(createdAtMs)])
  if (rowCount === 0) return
  const partition = partitionOfId(id)
  await keepEvent(client, {
    id: createId('evt', { partition, keyTag: 0, traits: 0 }),
    partition,
    type: 'notification.created',
    subject: `notification:${id}`,
    sequence: 1,
    data: { kind, audience },
    requestId,
    actor: '',
    atMs: createdAtMs,
  })
}

export function createNotificationStore(pool: Pool): NotificationStore {
  const rowsOf = async <Row extends object>(query: string, values: readonly unknown[]): Promise<Row[]> =>
    (await asking(() => pool.query<Row>(query, [...values]))).rows
  return {
    async page(audiences, before, limit, isUnreadOnly) {
      const filter = isUnreadOnly ? 'and read_at is null' : ''
      const query = `select * from notifications where audience = any($1) ${filter}
        and ($2::timestamptz is null or (created_at, id) < ($2, $3)) order by created_at desc, id desc limit $4`
      const counts = `select count(*) ${isUnreadOnly ? 'filter (where read_at is null)' : ''} as total,
        count(*) filter (where read_at is null) as unread from notifications where audience = any($1)`
      const [rows, [count]] = await Promise.all([
        rowsOf<NotificationRow>(query, [audiences, before ? new Date(before.createdAtMs) : null, before?.id ?? null, limit]),
        rowsOf<{ total: string; unread: string }>(counts, [audiences]),
      ])
      return { records: rows.map(notificationOf), total: Number(count?.total ?? 0), unread: Number(count?.unread ?? 0) }
    },

    markRead: (id, audiences, nowMs, event) =>
      inTransaction(pool, async (client) => {
        const update = 'update notifications set read_at = $3 where id = $1 and audience = any($2) and read_at is null returning *'
        const changed = await client.query<NotificationRow>(update, [id, audiences, new Date(nowMs)])
        if (changed.rows[0]) {
          await keepEvent(client, event)
          return notificationOf(changed.rows[0])
        }
        const query = 'select * from notifications where id = $1 and audience = any($2)'
        const { rows } = await client.query<NotificationRow>(query, [id, audiences])
        return rows[0] ? notificationOf(rows[0]) : null
      }),

    markAllRead: (audiences, nowMs, eventOf) =>
      inTransaction(pool, async (client) => {
        // In one order: two of the same at once wait for each other and do not lock each other out.
        const update = `update notifications set read_at = $2 where id in
          (select id from notifications where audience = any($1) and read_at is null order by id for update)`
        const { rowCount } = await client.query(update, [audiences, new Date(nowMs)])
        const count = rowCount ?? 0
        if (count > 0) await keepEvent(client, eventOf(count))
        return count
      }),

    async unseen(digestId, limit) {
      const [rows, [count]] = await Promise.all([
        rowsOf<NotificationRow>(
          'select * from notifications where digest_id = $1 and read_at is null order by created_at desc, id desc limit $2',
          [digestId, limit],
        ),
        rowsOf<{ total: string }>('select count(*) as total from notifications where digest_id = $1 and read_at is null', [digestId]),
      ])
      return { records: rows.map(notificationOf), total: Number(count?.total ?? 0) }
    },

    async oweDigests(createdBeforeMs, limit, nowMs, noticeOf) {
      const query = `select audience from notifications where ${isUnseen} group by audience
        having min(created_at) <= $1 and bool_or(mail_to is not null) order by min(created_at) limit $2`
      const due = await rowsOf<{ audience: string }>(query, [new Date(createdBeforeMs), limit])
      const owed: NewNotice[] = []
      for (const { audience } of due) {
        const notice = await inTransaction(pool, (client) => oweDigest(client, audience, createdBeforeMs, nowMs, noticeOf))
        if (notice) owed.push(notice)
      }
      return owed
    },

    async forget(createdBeforeMs) {
      const query = `delete from notifications where id in (select id from notifications where created_at < $1 limit ${mostForgotten})`
      return (await asking(() => pool.query(query, [new Date(createdBeforeMs)]))).rowCount ?? 0
    },
  }
}

/** One audience: whoever locks its rows first owes the digest, the other finds nothing left. */
async function oweDigest(
  client: PoolClient,
  audience: string,
  createdBeforeMs: number,
  nowMs: number,
  noticeOf: (audience: string, mailTo: string) => NewNotice | null,
): Promise<NewNotice | null> {
  // In one order, as they are marked as read: nobody locks anybody out.
  const query = `select id, mail_to, created_at from notifications where audience = $1 and ${isUnseen} order by id for update`
  const { rows } = await client.query<Pick<NotificationRow, 'id' | 'mail_to' | 'created_at'>>(query, [audience])
  const newestFirst = rows.toSorted((a, b) => b.created_at.getTime() - a.created_at.getTime())
  const mailTo = newestFirst.find(({ mail_to }) => mail_to !== null)?.mail_to ?? null
  if (mailTo === null || (newestFirst.at(-1)?.created_at.getTime() ?? Infinity) > createdBeforeMs) return null
  const notice = noticeOf(audience, mailTo)
  // Without a readable address they are looked at no more: the same would be found a minute later.
  await client.query('update notifications set digested_at = $2, digest_id = $3 where id = any($1)', [
    rows.map(({ id }) => id),
    new Date(nowMs),
    notice?.id ?? null,
  ])
  if (notice) await keepNotice(client, notice)
  return notice
}

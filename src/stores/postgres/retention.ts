// How long things are kept, in Postgres: classes, holds and the beginning and end of a removal. What a removal wipes is purge.ts'.
import type { PoolClient } from 'pg'
import type { NewRetention, RetentionRecord, RetentionStore } from '../../domain/retention-ports.ts'
import { asking, inTransaction, keepEvent } from './events.ts'
import type { Pool } from './pool.ts'

type Row = {
  subject: string
  class: string
  starts_at: Date
  ends_at: Date | null
  hold_at: Date | null
  hold_reason: string | null
  hold_actor: string | null
  version: number
  purging_at: Date | null
  purged_at: Date | null
}

const assign = `insert into retention (subject, class, starts_at, ends_at) values ($1, $2, $3, $4)
  on conflict (subject) do update set class = excluded.class, starts_at = excluded.starts_at, ends_at = excluded.ends_at, version = retention.version + 1
  where retention.purging_at is null returning *`
const hold = `update retention set hold_at = $2, hold_reason = $3, hold_actor = $4, version = version + 1 where subject = $1 and purging_at is null
  and (hold_at is not null or $2::timestamptz is not null) returning *`
// What was begun is finished first, whatever its time says now.
const due = `select * from retention where purged_at is null and hold_at is null and ends_at is not null and (purging_at is not null or ends_at <= $1)
  and ($2::timestamptz is null or (ends_at, subject) > ($2, $3)) order by ends_at, subject limit $4`

/**
 * Gives a subject its class within another change's transaction, with the event of it; a hold that is there stays. Null, and nothing is written, when the
 * subject is being removed or was.
 */
export async function keepRetention(client: Pick<PoolClient, 'query'>, retention: NewRetention): Promise<RetentionRecord | null> {
  const { subject, class: name, startsAtMs, endsAtMs, event } = retention
  const { rows } = await client.query<Row>(assign, [subject, name, new Date(startsAtMs), endsAtMs === null ? null : new Date(endsAtMs)])
  if (!rows[0]) return null
  await keepEvent(client, { ...event, sequence: rows[0].version })
  return recordOf(rows[0])
}

export function createRetentionStore(pool: Pool): RetentionStore {
  return {
    read: (subject) => asking(() => find(pool, subject)),

    assign: (subject, decide) =>
      inTransaction(pool, async (client) => {
        await lock(client, subject)
        const current = await find(client, subject)
        const next = decide(current)
        if (!next) return current
        return (await keepRetention(client, next)) ?? find(client, subject)
      }),

    hold: (subject, change, eventOf) =>
      inTransaction(pool, async (client) => {
        const values = change ? [new Date(change.atMs), change.reason, change.actor] : [null, null, null]
        const { rows } = await client.query<Row>(hold, [subject, ...values])
        if (!rows[0]) return find(client, subject)
        await keepEvent(client, eventOf(rows[0].version))
        return recordOf(rows[0])
      }),

    async due(limit, nowMs, after) {
      const place = after ? [new Date(after.endsAtMs ?? 0), after.subject] : [null, null]
      return (await asking(() => pool.query<Row>(due, [new Date(nowMs), ...place, limit]))).rows.map(recordOf)
    },

    confirmPurged: (subject, atMs, event) =>
      inTransaction(pool, async (client) => {
        const query = `update retention set purged_at = $2, version = version + 1 where subject = $1 and purging_at is not null and purged_at is null
          and hold_at is null returning *`
        const { rows } = await client.query<Row>(query, [subject, new Date(atMs)])
        if (!rows[0]) return false
        await keepEvent(client, { ...event, sequence: rows[0].version })
        return true
      }),
  }
}

/** A row that is not there cannot be locked: two first classes of one subject are one after the other by this. */
async function lock(client: Pick<PoolClient, 'query'>, subject: string): Promise<void> {
  await client.query(`select pg_advisory_xact_lock(hashtextextended('retention ' || $1, 0))`, [subject])
}

async function find(client: Pick<PoolClient, 'query'>, subject: string): Promise<RetentionRecord | null> {
  const { rows } = await client.query<Row>('select * from retention where subject = $1', [subject])
  return rows[0] ? recordOf(rows[0]) : null
}

function recordOf(row: Row): RetentionRecord {
  const { hold_at: holdAt, hold_reason: reason, hold_actor: actor } = row
  return {
    subject: row.subject,
    class: row.class,
    startsAtMs: row.starts_at.getTime(),
    endsAtMs: row.ends_at?.getTime() ?? null,
    hold: holdAt && reason !== null && actor !== null ? { atMs: holdAt.getTime(), reason, actor } : null,
    version: row.version,
    ...(row.purging_at ? { purgingAtMs: row.purging_at.getTime() } : {}),
    purgedAtMs: row.purged_at?.getTime() ?? null,
  }
}

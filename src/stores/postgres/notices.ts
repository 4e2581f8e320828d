// Mails that are owed, in Postgres: what is due is written here, queues only carry it. What a run decides, its event and what follows are one transaction.
import type { PoolClient } from 'pg'
import type { NewNotice, NoticeClaim, NoticeFence, NoticeSettlement, NoticeStore } from '../../domain/notice-ports.ts'
import type { JobRequest } from '../../domain/ports.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { asking, inTransaction, keepEvent } from './events.ts'
import { noticeOf, type NoticeRow } from './notice-rows.ts'
import type { Pool } from './pool.ts'

const insert = `insert into notices (id, kind, envelope_id, signer, ordinal, audience, sealed, due_at, look_at, request_id, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10) on conflict (id) do nothing`
/** Longer than a run takes: while one is under way its job need not be looked for. */
const lookAfterClaimMs = 30 * SECOND_MS
/** Clocks of two machines may differ; what comes this little early is not sent back. */
const earlyMs = 50
const mostForgotten = 1_000

/** Keeps a mail with the change that it tells of, in that change's own transaction. One of its id that is there already stays as it is. */
export async function keepNotice(client: Pick<PoolClient, 'query'>, notice: NewNotice): Promise<void> {
  const { id, kind, envelopeId, signer, number, audience, sealed, dueAtMs, requestId, createdAtMs } = notice
  await client.query(insert, [id, kind, envelopeId, signer, number, audience, sealed, new Date(dueAtMs), requestId, new Date(createdAtMs)])
}

export function createNoticeStore(pool: Pool): NoticeStore {
  return {
    async read(id) {
      const { rows } = await asking(() => pool.query<NoticeRow>('select * from notices where id = $1', [id]))
      return rows[0] ? noticeOf(rows[0]) : null
    },

    claim: (id, fence, nowMs) => inTransaction(pool, (client) => claim(client, id, fence, nowMs)),

    settle: (id, fence, settlement, event, next, nowMs) =>
      inTransaction(pool, async (client) => {
        if (!(await settle(client, id, fence, settlement, nowMs))) return false
        if (settlement.kind !== 'again') await keepEvent(client, event)
        for (const notice of next) await keepNotice(client, notice)
        return true
      }),

    async ofEnvelope(envelopeId) {
      const query = 'select * from notices where envelope_id = $1 order by number'
      return (await asking(() => pool.query<NoticeRow>(query, [envelopeId]))).rows.map(noticeOf)
    },

    async owed(limit, nowMs, againMs) {
      const query = `update notices set look_at = $2 where id in (select id from notices
        where status in ('scheduled', 'sending') and look_at <= $1 order by look_at limit $3 for update skip locked) returning id`
      const { rows } = await asking(() => pool.query<{ id: string }>(query, [new Date(nowMs), new Date(nowMs + againMs), limit]))
      return rows.map(({ id }): JobRequest => ({ name: 'notice.send', payload: { noticeId: id } }))
    },

    async forget(endedBeforeMs) {
      const query = `delete from notices where id in (select id from notices
        where ended_at < $1 and envelope_id is null limit ${mostForgotten})`
      return (await asking(() => pool.query(query, [new Date(endedBeforeMs)]))).rowCount ?? 0
    },
  }
}

async function claim(client: PoolClient, id: string, fence: NoticeFence, nowMs: number): Promise<NoticeClaim> {
  const { rows } = await client.query<NoticeRow>('select * from notices where id = $1 for update', [id])
  const row = rows[0]
  if (!row) return { kind: 'done', word: 'missing' }
  const notice = noticeOf(row)
  if (notice.status !== 'scheduled' && notice.status !== 'sending') return { kind: 'done', word: `${notice.status}_before` }
  const waitMs = notice.dueAtMs - nowMs
  if (notice.status === 'scheduled' && waitMs > earlyMs) return { kind: 'early', waitMs }
  // The same run once more: the reply to its first claim was lost.
  if (notice.status === 'sending' && isSame(fence, row)) return { kind: 'go', notice }
  if (!isLater(fence, row)) return { kind: 'done', word: 'stale' }
  // A run before this one began and never said how it ended: whether the mail left is not known.
  const unknowns = notice.unknowns + (notice.status === 'sending' ? 1 : 0)
  const tries = notice.tries + 1
  await client.query(
    `update notices set status = 'sending', fence_ms = $2, fence_starts = $3, unknowns = $4, tries = $5, look_at = $6 where id = $1`,
    [id, fence.jobMs, fence.starts, unknowns, tries, new Date(nowMs + lookAfterClaimMs)],
  )
  return { kind: 'go', notice: { ...notice, status: 'sending', unknowns, tries } }
}

function isSame({ jobMs, starts }: NoticeFence, row: NoticeRow): boolean {
  return jobMs === Number(row.fence_ms) && starts === row.fence_starts
}

function isLater({ jobMs, starts }: NoticeFence, row: NoticeRow): boolean {
  const before = Number(row.fence_ms)
  return jobMs > before || (jobMs === before && starts > row.fence_starts)
}

/** Whether it was this run's to settle. An address is not kept for longer than its mail. */
async function settle(
  client: PoolClient,
  id: string,
  { jobMs, starts }: NoticeFence,
  settlement: NoticeSettlement,
  nowMs: number,
): Promise<boolean> {
  const provider = settlement.kind === 'sent' ? settlement.provider : null
  const reference = settlement.kind === 'sent' ? settlement.reference : null
  const reason = settlement.kind === 'sent' ? null : settlement.reason
  const isOver = settlement.kind !== 'again'
  const { rowCount } = await client.query(
    `update notices set status = $4, provider = coalesce($5, provider), reference = coalesce($6, reference), reason = $7,
      ended_at = case when $8 then $9::timestamptz end, sealed = case when $8 then '' else sealed end, look_at = $9
      where id = $1 and status = 'sending' and fence_ms = $2 and fence_starts = $3`,
    [id, jobMs, starts, isOver ? settlement.kind : 'scheduled', provider, reference, reason, isOver, new Date(nowMs)],
  )
  return rowCount === 1
}

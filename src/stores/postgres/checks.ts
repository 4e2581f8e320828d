// Compliance checks in Postgres, and what was examined for them. The row says what is due; queues only carry it.
import type { PoolClient } from 'pg'
import { checkStatuses, type ComplianceCheck } from '../../contracts/compliance.ts'
import { requiredClasses } from '../../contracts/envelope.ts'
import type { CheckClaim, CheckFence, CheckRecord, CheckStore, ExaminationCache } from '../../domain/compliance-ports.ts'
import type { Declarations } from '../../domain/envelope-ports.ts'
import type { JobRequest } from '../../domain/ports.ts'
import { MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'
import { asking, inTransaction, keepEvent } from './events.ts'
import { keepNotification } from './notifications.ts'
import type { Pool } from './pool.ts'

/** Whoever asks for a check queues it at once; the loop over what is owed looks this much later. */
const firstLookMs = 5 * SECOND_MS
/** Longer than a run takes. */
const lookAfterClaimMs = 4 * MINUTE_MS
/** Clocks of two machines may differ; what comes this little early is not sent back. */
const earlyMs = 50

const insert = `insert into compliance_checks (id, owner, document_id, required_class, declarations, sealed, request_id, created_at, due_at, look_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (id) do nothing`
const page = `select * from compliance_checks where document_id = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3))
  order by created_at desc, id desc limit $4`
const owed = `update compliance_checks set look_at = $2 where id in (select id from compliance_checks
  where status <> 'final' and look_at <= $1 order by look_at limit $3 for update skip locked) returning id`
const take = `update compliance_checks set status = 'evaluating', sequence = sequence + (status = 'queued')::int, fence_ms = $2, fence_starts = $3, look_at = $4
  where id = $1 returning *`
const end = `update compliance_checks set status = 'final', sequence = sequence + 1, result = $4, report_key = $5
  where id = $1 and fence_ms = $2 and fence_starts = $3 and status = 'evaluating'`

type Row = {
  id: string
  owner: string
  document_id: string
  required_class: string | null
  declarations: Declarations
  status: string
  sequence: number
  sealed: string
  result: ComplianceCheck | null
  report_key: string | null
  request_id: string
  created_at: Date
  due_at: Date
  fence_ms: string
  fence_starts: number
}

export function createCheckStore(pool: Pool): CheckStore {
  return {
    create: (record, event) =>
      inTransaction(pool, async (client) => {
        const { rowCount } = await client.query(insert, valuesOf(record))
        if (rowCount !== 1) return false
        await keepEvent(client, event)
        return true
      }),

    async read(id) {
      const { rows } = await asking(() => pool.query<Row>('select * from compliance_checks where id = $1', [id]))
      return rows[0] ? checkOf(rows[0]) : null
    },

    async ofDocument(documentId, before, limit) {
      const values = [documentId, before ? new Date(before.createdAtMs) : null, before?.id ?? null, limit]
      const counting = 'select count(*)::int as total from compliance_checks where document_id = $1'
      const [{ rows }, counted] = await asking(() =>
        Promise.all([pool.query<Row>(page, values), pool.query<{ total: number }>(counting, [documentId])]),
      )
      return { records: rows.map(checkOf), total: counted.rows[0]?.total ?? 0 }
    },

    claim: (id, fence, nowMs) => inTransaction(pool, (client) => claim(client, id, fence, nowMs)),

    settle: (id, { jobMs, starts }, { result, reportKey, event, notifications }) =>
      inTransaction(pool, async (client) => {
        const { rowCount } = await client.query(end, [id, jobMs, starts, JSON.stringify(result), reportKey])
        if (rowCount !== 1) return false
        await keepEvent(client, event)
        for (const notification of notifications) await keepNotification(client, notification)
        return true
      }),

    async owed(limit, nowMs, againMs) {
      const { rows } = await asking(() => pool.query<{ id: string }>(owed, [new Date(nowMs), new Date(nowMs + againMs), limit]))
      return rows.map(({ id }): JobRequest => ({ name: 'check.evaluate', payload: { checkId: id } }))
    },
  }
}

async function claim(client: PoolClient, id: string, { jobMs, starts }: CheckFence, nowMs: number): Promise<CheckClaim> {
  const { rows } = await client.query<Row>('select * from compliance_checks where id = $1 for update', [id])
  const row = rows[0]
  if (!row) return { kind: 'done', word: 'missing' }
  if (row.status === 'final') return { kind: 'done', word: 'final_before' }
  const waitMs = row.due_at.getTime() - nowMs
  if (row.status === 'queued' && waitMs > earlyMs) return { kind: 'early', waitMs }
  const before = Number(row.fence_ms)
  if (jobMs < before || (jobMs === before && starts <= row.fence_starts)) return { kind: 'done', word: 'stale' }
  const taken = await client.query<Row>(take, [id, jobMs, starts, new Date(nowMs + lookAfterClaimMs)])
  return taken.rows[0] ? { kind: 'go', record: checkOf(taken.rows[0]) } : { kind: 'done', word: 'missing' }
}

/** In one step. */
const mostForgotten = 5_000

export function createExaminationCache(pool: Pool): ExaminationCache {
  const write = `insert into examinations (key, value, made_at) values ($1, $2, $3)
    on conflict (key) do update set value = excluded.value, made_at = excluded.made_at`
  return {
    async read(key) {
      const { rows } = await asking(() => pool.query<{ value: unknown }>('select value from examinations where key = $1', [key]))
      return rows[0]?.value ?? null
    },
    async write(key, value, nowMs) {
      await asking(() => pool.query(write, [key, JSON.stringify(value), new Date(nowMs)]))
    },
    async forget(beforeMs) {
      const query = 'delete from examinations where key in (select key from examinations where made_at < $1 limit $2)'
      return (await asking(() => pool.query(query, [new Date(beforeMs), mostForgotten]))).rowCount ?? 0
    },
  }
}

function valuesOf(record: CheckRecord): unknown[] {
  const { id, owner, documentId, requiredClass, declarations, sealed, requestId, createdAtMs, dueAtMs } = record
  const facts = [id, owner, documentId, requiredClass, JSON.stringify(declarations), sealed, requestId]
  return [...facts, new Date(createdAtMs), new Date(dueAtMs), new Date(dueAtMs + firstLookMs)]
}

function checkOf(row: Row): CheckRecord {
  return {
    id: row.id,
    owner: row.owner,
    documentId: row.document_id,
    requiredClass: requiredClasses.find((name) => name === row.required_class) ?? null,
    declarations: row.declarations,
    status: checkStatuses.find((status) => status === row.status) ?? 'queued',
    sequence: row.sequence,
    sealed: row.sealed,
    result: row.result,
    reportKey: row.report_key,
    createdAtMs: row.created_at.getTime(),
    dueAtMs: row.due_at.getTime(),
    requestId: row.request_id,
  }
}

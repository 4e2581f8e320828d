// Sweeps over what is kept, in Postgres: which objects there are, how far a sweep has come, and what was last seen of each.
import type { PoolClient } from 'pg'
import type { IntegrityLook, IntegrityStore, IntegritySweep, KeptObject } from '../../domain/retention-ports.ts'
import { DAY_MS } from '../../lib/durations.ts'
import { asking, inTransaction, keepEvent } from './events.ts'
import type { Pool } from './pool.ts'

type Client = Pick<PoolClient, 'query'>
type SweepRow = {
  id: string
  started_at: Date
  ended_at: Date | null
  after_key: string | null
  objects: number
  failed: number
  clock_offset_ms: number
  software: string
}
type LookRow = { storage_key: string; subject: string; at: Date; outcome: IntegrityLook['outcome'] }
type ObjectRow = { subject: string; key: string; sha256: string; bytes: string }

/** What documents are made of, sealed copies, and their certificates; each key once, under the oldest document that has it. */
const documentsKept = `select distinct on (storage_key collate "C") id as subject, storage_key collate "C" as key, encode(sha256, 'hex') as sha256, bytes from documents`
const ofSeal = (key: string, sha256: string, bytes: string): { kept: string; key: string } => ({
  kept: `select id as subject, (seal ->> '${key}') collate "C" as key, seal ->> '${sha256}' as sha256, (seal ->> '${bytes}')::bigint as bytes from envelopes
  where status = 'completed' and purged_at is null and seal ->> '${key}' is not null and seal ->> '${sha256}' is not null
  and not exists (select from retention where subject = envelopes.id and purging_at is not null)`,
  key: `(seal ->> '${key}') collate "C"`,
})
const [copies, certificates] = [
  ofSeal('sealedKey', 'sha256', 'bytes'),
  ofSeal('certificateKey', 'certificateFileSha256', 'certificateFileBytes'),
]
const objects = `select * from (
  (${documentsKept} where $1::text is null or storage_key collate "C" > $1 order by storage_key collate "C", created_at limit $2) union all
  (${copies.kept} and ($1::text is null or ${copies.key} > $1) order by 2 limit $2) union all
  (${certificates.kept} and ($1::text is null or ${certificates.key} > $1) order by 2 limit $2)) as kept order by key limit $2`
const isKept = `select exists (select from documents where storage_key collate "C" = $1) or exists (${copies.kept} and ${copies.key} = $1)
  or exists (${certificates.kept} and ${certificates.key} = $1) as kept`
/** Not a turn of the drains' (events.ts), but numbered with them. */
const turn = 7_295_110_836
/** What was seen so long ago says nothing of today: such a sweep is begun anew. */
const abandonedMs = DAY_MS
const abandon = `delete from integrity_sweeps where ended_at is null and started_at < $1`
const begin = `insert into integrity_sweeps (id, started_at, clock_offset_ms, software) values ($1, $2, $3, $4) on conflict do nothing`
const claim = `update integrity_sweeps set fence_ms = $2, fence_starts = $3 where id = $1 and ended_at is null
  and (fence_ms, fence_starts) <= ($2, $3) returning *`
const held = `where id = $1 and fence_ms = $2 and fence_starts = $3 and ended_at is null`
const advance = `update integrity_sweeps set after_key = $4, objects = $5, failed = $6 ${held}`
const end = `update integrity_sweeps set ended_at = $4, objects = $5, failed = $6 ${held}`
const note = `insert into integrity_looks (storage_key, subject, at, outcome) values ($1, $2, $3, $4)
  on conflict (storage_key) do update set subject = excluded.subject, at = excluded.at, outcome = excluded.outcome`
// Of older sweeps only the newest hundred are of interest; a look from before this sweep is at something that is kept no longer.
const forget = [
  `delete from integrity_looks where at < $1`,
  `delete from integrity_sweeps where started_at < $1 and id not in (select id from integrity_sweeps order by started_at desc limit 100)`,
]

export function createIntegrityStore(pool: Pool): IntegrityStore {
  return {
    async objects(after, limit) {
      return (await asking(() => pool.query<ObjectRow>(objects, [after ?? null, limit]))).rows.map(objectOf)
    },

    async isKept(key) {
      const { rows } = await asking(() => pool.query<{ kept: boolean }>(isKept, [key]))
      return rows[0]?.kept ?? false
    },

    async clockMs() {
      const { rows } = await asking(() => pool.query<{ now: Date }>('select clock_timestamp() as now'))
      return rows[0]?.now.getTime() ?? Number.NaN
    },

    claim: (sweep, { jobMs, starts }) =>
      inTransaction(pool, async (client) => {
        // One sweep at a time, also when two hours' jobs meet.
        await client.query('select pg_advisory_xact_lock($1)', [turn])
        await client.query(abandon, [new Date(sweep.startedAtMs - abandonedMs)])
        const open = await client.query<{ id: string }>('select id from integrity_sweeps where ended_at is null')
        if (!open.rows[0]) await client.query(begin, [sweep.id, new Date(sweep.startedAtMs), sweep.clockOffsetMs, sweep.software])
        const { rows } = await client.query<SweepRow>(claim, [open.rows[0]?.id ?? sweep.id, jobMs, starts])
        if (rows[0]) return { sweep: sweepOf(rows[0]), ...(rows[0].after_key === null ? {} : { after: rows[0].after_key }) }
        return open.rows[0] ? 'stale' : 'ended'
      }),

    async advance({ id, objects, failed }, after, { jobMs, starts }) {
      return (await asking(() => pool.query(advance, [id, jobMs, starts, after, objects, failed]))).rowCount === 1
    },

    note: (look, event) =>
      inTransaction(pool, async (client) => {
        const before = event ? await lookAt(client, look.key, true) : null
        await client.query(note, [look.key, look.subject, new Date(look.atMs), look.outcome])
        if (event && before?.outcome !== look.outcome) await keepEvent(client, event)
      }),

    end: ({ id, startedAtMs, endedAtMs, objects, failed }, { jobMs, starts }, event) =>
      inTransaction(pool, async (client) => {
        const { rowCount } = await client.query(end, [id, jobMs, starts, new Date(endedAtMs ?? startedAtMs), objects, failed])
        if (rowCount !== 1) return false
        for (const query of forget) await client.query(query, [new Date(startedAtMs)])
        await keepEvent(client, event)
        return true
      }),

    async latest() {
      const query = 'select * from integrity_sweeps where ended_at is not null order by ended_at desc limit 1'
      const { rows } = await asking(() => pool.query<SweepRow>(query))
      return rows[0] ? sweepOf(rows[0]) : null
    },

    lookAt: (key) => asking(() => lookAt(pool, key, false)),

    async failing() {
      const { rows } = await asking(() =>
        pool.query<{ total: number }>(`select count(*)::int as total from integrity_looks where outcome <> 'intact'`),
      )
      return rows[0]?.total ?? 0
    },
  }
}

async function lookAt(client: Client, key: string, locks: boolean): Promise<IntegrityLook | null> {
  const { rows } = await client.query<LookRow>(`select * from integrity_looks where storage_key = $1 ${locks ? 'for update' : ''}`, [key])
  const [row] = rows
  return row ? { subject: row.subject, key: row.storage_key, atMs: row.at.getTime(), outcome: row.outcome } : null
}

function objectOf({ subject, key, sha256, bytes }: ObjectRow): KeptObject {
  return { subject, key, sha256, bytes: Number(bytes) }
}

function sweepOf(row: SweepRow): IntegritySweep {
  return {
    id: row.id,
    startedAtMs: row.started_at.getTime(),
    endedAtMs: row.ended_at?.getTime() ?? null,
    objects: row.objects,
    failed: row.failed,
    clockOffsetMs: row.clock_offset_ms,
    software: row.software,
  }
}

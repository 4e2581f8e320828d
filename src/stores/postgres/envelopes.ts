// Envelopes in Postgres: every decision is one transaction under the row's lock, with its acts, its events, and the mails and records that it owes.
import type { PoolClient } from 'pg'
import type { EnvelopeChange, EnvelopeRecord, EnvelopeStore } from '../../domain/envelope-ports.ts'
import type { JobRequest } from '../../domain/ports.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Keyring } from '../../lib/keyring.ts'
import {
  actOf,
  changedColumns,
  changedValues,
  dateOf,
  envelopeOf,
  firstColumns,
  firstValues,
  sealedFacts,
  type ActRow,
  type EnvelopeRow,
} from './envelope-rows.ts'
import { eraseEnvelope } from './erase.ts'
import { asking, inTransaction, keepEvent } from './events.ts'
import { keepNotice } from './notices.ts'
import { keepNotification } from './notifications.ts'
import type { Pool } from './pool.ts'
import { keepRetention } from './retention.ts'

type Client = Pick<PoolClient, 'query'>

/** Whoever makes a change queues its job at once; the loop over what is owed looks this much later. */
const firstLookMs = 5 * SECOND_MS

const columns = [...firstColumns, ...changedColumns]
const insert = `insert into envelopes (${columns.join(', ')}, due_at, look_at)
  values (${columns.map((_, at) => `$${at + 1}`).join(', ')}, $${columns.length + 1}, $${columns.length + 2}) on conflict (id) do nothing`
const update = `update envelopes set ${changedColumns.map((column, at) => `${column} = $${at + 2}`).join(', ')} where id = $1`
const insertAct = `insert into envelope_acts (envelope_id, sequence, type, signer, at, facts, personal, previous_hash, hash)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
const page = `select * from envelopes where ($1::text[] is null or owner = any($1)) and ($2::timestamptz is null or (created_at, id) < ($2, $3))
  order by created_at desc, id desc limit $4`
const count = 'select count(*)::int as total from envelopes where $1::text[] is null or owner = any($1)'
const ofDocument = `select * from envelopes where document_id = $1 order by (status = 'completed') desc, created_at desc, id desc limit 1`
const owed = `update envelopes set look_at = $2 where id in (select id from envelopes
  where due_at is not null and look_at <= $1 order by look_at limit $3 for update skip locked) returning *`

/** `jobOf` says which job an envelope owes when its due time has come. */
export function createEnvelopeStore(pool: Pool, keyring: Keyring, jobOf: (record: EnvelopeRecord) => JobRequest | null): EnvelopeStore {
  const find = async (query: string, values: readonly unknown[]): Promise<EnvelopeRow[]> =>
    (await asking(() => pool.query<EnvelopeRow>(query, [...values]))).rows
  return {
    create: (change) =>
      inTransaction(pool, async (client) => {
        const dueAtMs = change.dueAtMs ?? null
        const values = [...firstValues(change.record), ...changedValues(change.record), dateOf(dueAtMs), dateOf(lookAtMs(dueAtMs))]
        const { rowCount } = await client.query(insert, values)
        if (rowCount !== 1) return false
        await keepRest(client, keyring, change)
        return true
      }),

    async read(id) {
      const [row] = await find('select * from envelopes where id = $1', [id])
      return row ? envelopeOf(row) : null
    },

    async acts(id) {
      const query = 'select * from envelope_acts where envelope_id = $1 order by sequence'
      const { rows } = await asking(() => pool.query<ActRow>(query, [id]))
      return rows.map((row) => actOf(keyring, row))
    },

    change: (id, decide) =>
      inTransaction(pool, async (client) => {
        const { rows } = await client.query<EnvelopeRow>('select * from envelopes where id = $1 for update', [id])
        if (!rows[0]) return null
        const before = envelopeOf(rows[0])
        const { change, value } = decide(before)
        if (!change) return { record: before, value }
        await client.query(update, [id, ...changedValues(change.record)])
        if (change.dueAtMs !== undefined) await owe(client, id, change.dueAtMs)
        await keepRest(client, keyring, change)
        return { record: change.record, value }
      }),

    async page(owners, before, limit) {
      const [rows, counted] = await Promise.all([
        find(page, [owners, dateOf(before?.createdAtMs), before?.id ?? null, limit]),
        asking(() => pool.query<{ total: number }>(count, [owners])),
      ])
      return { records: rows.map(envelopeOf), total: counted.rows[0]?.total ?? 0 }
    },

    async ofDocument(documentId) {
      const [row] = await find(ofDocument, [documentId])
      return row ? envelopeOf(row) : null
    },

    async owed(limit, nowMs, againMs) {
      const rows = await find(owed, [new Date(nowMs), new Date(nowMs + againMs), limit])
      return rows.map((row) => jobOf(envelopeOf(row))).filter((job) => job !== null)
    },
  }
}

function owe(client: Client, id: string, dueAtMs: number | null): Promise<unknown> {
  return client.query('update envelopes set due_at = $2, look_at = $3 where id = $1', [id, dateOf(dueAtMs), dateOf(lookAtMs(dueAtMs))])
}

/** What is due at once has a job already; what is due later is looked for when its time comes. */
function lookAtMs(dueAtMs: number | null): number | null {
  return dueAtMs === null ? null : Math.max(dueAtMs, Date.now() + firstLookMs)
}

async function keepRest(client: Client, keyring: Keyring, change: EnvelopeChange): Promise<void> {
  if (change.isErasing) await eraseEnvelope(client, change.record.id)
  for (const act of change.acts) {
    const { envelopeId, sequence, type, signer, at, facts, previousHash, hash } = act
    const values = [envelopeId, sequence, type, signer, new Date(at), JSON.stringify(facts), sealedFacts(keyring, act), previousHash, hash]
    await client.query(insertAct, values)
  }
  for (const event of change.events) await keepEvent(client, event)
  for (const notice of change.notices ?? []) await keepNotice(client, notice)
  for (const notification of change.notifications ?? []) await keepNotification(client, notification)
  if (change.retention) await keepRetention(client, change.retention)
}

// The audit trail in Postgres: added to by one drain at a time, read in its order, emptied only into archives.
import type { PoolClient } from 'pg'
import type { AuditEntry } from '../../contracts/audit.ts'
import type { AuditArchive, AuditFacts, AuditFilter, AuditStore, ChainHead, DrainSink, StreamEvent } from '../../domain/event-ports.ts'
import { asking, inTransaction, inTurn, keepEvent, turns } from './events.ts'
import type { Pool } from './pool.ts'

const columns = 'sequence, event_id, at, action, actor, subject, subject_sequence, request_id, data, previous_hash, hash'

type Row = {
  sequence: string
  event_id: string
  at: Date
  action: string
  actor: string
  subject: string
  subject_sequence: string
  request_id: string
  data: Record<string, unknown>
  previous_hash: Buffer
  hash: Buffer
}

/** `factsOf` and `chainBehind` are the domain's: what is said of an event, and how it is chained. */
export type AuditRules = {
  factsOf: (event: StreamEvent) => AuditFacts
  chainBehind: (head: ChainHead, facts: readonly AuditFacts[]) => AuditEntry[]
  genesis: ChainHead
}

/** The drain's side: chains what is new behind the head, in one transaction under the turn of audit. */
export function createAuditSink(pool: Pool, rules: AuditRules): DrainSink {
  return {
    store: (read) =>
      inTurn(pool, turns.audit, async (client) => {
        const events = await read()
        if (events.length === 0) return 0
        const fresh = await unseen(client, events)
        const head = await headOf(client, rules.genesis)
        await insertAll(client, rules.chainBehind(head, fresh.map(rules.factsOf)))
        return fresh.length
      }),
  }
}

/** Those that are not in the table yet, each once. What was archived is older than anything that a stream gives again. */
async function unseen(client: PoolClient, events: readonly StreamEvent[]): Promise<StreamEvent[]> {
  const byId = new Map(events.map((event) => [event.id, event]))
  const { rows } = await client.query<{ event_id: string }>('select event_id from audit_entries where event_id = any($1)', [
    [...byId.keys()],
  ])
  for (const { event_id: id } of rows) byId.delete(id)
  return [...byId.values()]
}

async function headOf(client: Pick<PoolClient, 'query'>, genesis: ChainHead): Promise<ChainHead> {
  const query = `(select sequence, hash from audit_entries order by sequence desc limit 1)
    union all (select last_sequence, last_hash from audit_archives order by last_sequence desc limit 1) order by sequence desc limit 1`
  const { rows } = await client.query<{ sequence: string; hash: Buffer }>(query)
  return rows[0] ? { sequence: Number(rows[0].sequence), hash: rows[0].hash.toString('hex') } : genesis
}

async function insertAll(client: PoolClient, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return
  const query = `insert into audit_entries (${columns})
    select * from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::json[], $10::bytea[], $11::bytea[])`
  const column = <Value>(of: (entry: AuditEntry) => Value): Value[] => entries.map(of)
  await client.query(query, [
    column(({ sequence }) => sequence),
    column(({ id }) => id),
    column(({ at }) => at),
    column(({ action }) => action),
    column(({ actor }) => actor),
    column(({ subject }) => subject),
    column(({ subjectSequence }) => subjectSequence),
    column(({ requestId }) => requestId),
    column(({ data }) => JSON.stringify(data)),
    column(({ previousHash }) => Buffer.from(previousHash, 'hex')),
    column(({ hash }) => Buffer.from(hash, 'hex')),
  ])
}

export function createAuditStore(pool: Pool, genesis: ChainHead): AuditStore {
  return {
    head: () => asking(() => headOf(pool, genesis)),

    async read(afterSequence, limit, filter = {}) {
      const { where, values } = conditionsOf(filter, ['sequence > $1'], [afterSequence])
      const query = `select ${columns} from audit_entries where ${where} order by sequence limit ${limit}`
      return (await asking(() => pool.query<Row>(query, values))).rows.map(entryOf)
    },

    async page(filter, beforeSequence, limit) {
      const { where, values } = conditionsOf(
        filter,
        beforeSequence === undefined ? [] : ['sequence < $1'],
        beforeSequence === undefined ? [] : [beforeSequence],
      )
      const query = `select ${columns} from audit_entries where ${where} order by sequence desc limit ${limit}`
      return (await asking(() => pool.query<Row>(query, values))).rows.map(entryOf)
    },

    async count(filter, most) {
      const { where, values } = conditionsOf(filter, [], [])
      const query = `select count(*) as total from (select from audit_entries where ${where} limit ${most}) as found`
      const { rows } = await asking(() => pool.query<{ total: string }>(query, values))
      return Number(rows[0]?.total ?? 0)
    },

    archives: () => asking(() => archivesOf(pool)),

    recordArchive: (archive, event) =>
      inTransaction(pool, async (client) => {
        await client.query(
          'insert into audit_archives (last_sequence, first_sequence, last_hash, name, created_at) values ($1, $2, $3, $4, $5)',
          [archive.lastSequence, archive.firstSequence, Buffer.from(archive.lastHash, 'hex'), archive.name, new Date(archive.createdAtMs)],
        )
        await client.query('delete from audit_entries where sequence <= $1', [archive.lastSequence])
        await keepEvent(client, event)
      }),
  }
}

async function archivesOf(pool: Pool): Promise<AuditArchive[]> {
  type ArchiveRow = { last_sequence: string; first_sequence: string; last_hash: Buffer; name: string; created_at: Date }
  const { rows } = await pool.query<ArchiveRow>('select * from audit_archives order by last_sequence')
  return rows.map((row) => ({
    name: row.name,
    firstSequence: Number(row.first_sequence),
    lastSequence: Number(row.last_sequence),
    lastHash: row.last_hash.toString('hex'),
    createdAtMs: row.created_at.getTime(),
  }))
}

/** The filter as SQL behind other conditions; values only ever travel as parameters. */
function conditionsOf(
  filter: AuditFilter,
  first: readonly string[],
  firstValues: readonly unknown[],
): { where: string; values: unknown[] } {
  const conditions = [...first]
  const values = [...firstValues]
  const add = (condition: (parameter: string) => string, value: unknown): void => {
    values.push(value)
    conditions.push(condition(`$${values.length}`))
  }
  if (filter.actors) add((parameter) => `actor = any(${parameter})`, filter.actors)
  if (filter.action?.endsWith('.*'))
    add((parameter) => `action like ${parameter}`, `${filter.action.slice(0, -1).replaceAll(/[\\%_]/g, '\\$&')}%`)
  else if (filter.action !== undefined) add((parameter) => `action = ${parameter}`, filter.action)
  if (filter.subject !== undefined) add((parameter) => `subject = ${parameter}`, filter.subject)
  if (filter.fromMs !== undefined) add((parameter) => `at >= ${parameter}`, new Date(filter.fromMs))
  if (filter.toMs !== undefined) add((parameter) => `at < ${parameter}`, new Date(filter.toMs))
  return { where: conditions.join(' and ') || 'true', values }
}

function entryOf(row: Row): AuditEntry {
  return {
    sequence: Number(row.sequence),
    id: row.event_id,
    at: row.at.toISOString(),
    action: row.action,
    actor: row.actor,
    subject: row.subject,
    subjectSequence: Number(row.subject_sequence),
    requestId: row.request_id,
    data: row.data,
    previousHash: row.previous_hash.toString('hex'),
    hash: row.hash.toString('hex'),
  }
}

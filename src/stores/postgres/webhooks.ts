// Endpoints and deliveries in Postgres. What is due is written here; queues only carry it. Every change keeps its event in the same transaction.
import type { PoolClient } from 'pg'
import type {
  DrainSink,
  PlannedEvent,
  StreamEvent,
  WebhookEndpoint,
  WebhookEndpointChange,
  WebhookStore,
} from '../../domain/event-ports.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { asking, inTransaction, inTurn, keepEvent, turns } from './events.ts'
import type { Pool } from './pool.ts'
import {
  attemptOf,
  deliveries,
  deliveryColumns,
  deliveryOf,
  endpointOf,
  type AttemptRow,
  type DeliveryRow,
  type EndpointRow,
} from './webhook-rows.ts'
import { claim, settle } from './webhook-tries.ts'

/** Whoever plans a delivery queues it at once; the loop over what is owed looks this much later. */
const firstLookMs = 5 * SECOND_MS
const mostForgotten = 1_000

/** The drain's side: plans what is new for the endpoints of the moment, in one transaction under the turn of webhooks. `plan` is the domain's. */
export function createWebhookSink(
  pool: Pool,
  plan: (event: StreamEvent, endpoints: readonly WebhookEndpoint[]) => PlannedEvent | null,
): DrainSink {
  return {
    store: (read) =>
      inTurn(pool, turns.webhooks, async (client) => {
        const events = await read()
        if (events.length === 0) return 0
        const { rows } = await client.query<EndpointRow>('select * from webhook_endpoints where disabled_reason is null')
        const endpoints = rows.map(endpointOf)
        let planned = 0
        for (const event of endpoints.length > 0 ? events : []) {
          const one = plan(event, endpoints)
          if (one) planned += await insertPlanned(client, one, event.atMs)
        }
        return planned
      }),
  }
}

async function insertPlanned(
  client: Pick<PoolClient, 'query'>,
  { eventId, type, body, deliveries }: PlannedEvent,
  atMs: number,
): Promise<number> {
  const at = new Date(atMs)
  await client.query('insert into webhook_events (id, type, body, created_at) values ($1, $2, $3, $4) on conflict do nothing', [
    eventId,
    type,
    body,
    at,
  ])
  const now = new Date()
  const { rowCount } = await client.query(
    `insert into webhook_deliveries (id, endpoint_id, event_id, next_attempt_at, look_at, created_at)
      select id, endpoint_id, $3, $4, $5, $4 from unnest($1::text[], $2::text[]) as planned (id, endpoint_id) on conflict do nothing`,
    [deliveries.map(({ id }) => id), deliveries.map(({ endpointId }) => endpointId), eventId, now, new Date(now.getTime() + firstLookMs)],
  )
  return rowCount ?? 0
}

export function createWebhookStore(pool: Pool): WebhookStore {
  const rowsOf = async <Row extends object>(query: string, values: readonly unknown[]): Promise<Row[]> =>
    (await asking(() => pool.query<Row>(query, [...values]))).rows
  const totalOf = async (query: string, values: readonly unknown[]): Promise<number> =>
    Number((await rowsOf<{ total: string }>(query, values))[0]?.total ?? 0)
  return {
    create: (endpoint, most, event) =>
      inTransaction(pool, (client) =>
        insertEndpoint(client, endpoint, most).then(async (isMade) => (isMade ? keepEvent(client, event).then(() => true) : false)),
      ),

    async find(id) {
      const [row] = await rowsOf<EndpointRow>('select * from webhook_endpoints where id = $1', [id])
      return row ? endpointOf(row) : null
    },

    async list(after, limit) {
      const query = `select * from webhook_endpoints where $1::text is null
        or (created_at, id) < (select created_at, id from webhook_endpoints where id = $1) order by created_at desc, id desc limit $2`
      const [rows, total] = await Promise.all([
        rowsOf<EndpointRow>(query, [after ?? null, limit]),
        totalOf('select count(*) as total from webhook_endpoints', []),
      ])
      return { endpoints: rows.map(endpointOf), total }
    },

    change: (id, change, nowMs, eventOf) =>
      inTransaction(pool, async (client) => {
        const { sets, values } = assignmentsOf(change)
        const query = `update webhook_endpoints set ${sets.join('')} version = version + 1, updated_at = $2 where id = $1 returning *`
        const { rows } = await client.query<EndpointRow>(query, [id, new Date(nowMs), ...values])
        if (!rows[0]) return null
        const changed = endpointOf(rows[0])
        await keepEvent(client, eventOf(changed))
        return changed
      }),

    remove: (id, eventOf) =>
      inTransaction(pool, async (client) => {
        const { rows } = await client.query<EndpointRow>('delete from webhook_endpoints where id = $1 returning *', [id])
        if (!rows[0]) return false
        await keepEvent(client, eventOf(endpointOf(rows[0])))
        return true
      }),

    plan: (event, nowMs) => inTransaction(pool, async (client) => void (await insertPlanned(client, event, nowMs))),

    async deliveries(endpointId, before, limit) {
      const query = `select ${deliveryColumns} from ${deliveries} where d.endpoint_id = $1
        and ($2::text is null or d.number < (select number from webhook_deliveries where id = $2)) order by d.number desc limit $3`
      const [rows, total] = await Promise.all([
        rowsOf<DeliveryRow>(query, [endpointId, before ?? null, limit]),
        totalOf('select count(*) as total from webhook_deliveries where endpoint_id = $1', [endpointId]),
      ])
      const attempts = await rowsOf<AttemptRow>('select * from webhook_attempts where delivery_id = any($1) order by number', [
        rows.map(({ id }) => id),
      ])
      return { deliveries: rows.map(deliveryOf), attempts: attempts.map(attemptOf), total }
    },

    async findDelivery(id) {
      const [row] = await rowsOf<DeliveryRow>(`select ${deliveryColumns} from ${deliveries} where d.id = $1`, [id])
      return row ? deliveryOf(row) : null
    },

    claim: (id, attempt, nowMs, leaseMs, mostAtOnce) =>
      inTransaction(pool, (client) => claim(client, { id, attempt, nowMs, leaseMs, mostAtOnce })),

    async release(id) {
      await rowsOf(`update webhook_deliveries set lease_until = null where id = $1 and status = 'pending'`, [id])
    },

    settle: (id, settlement, events) =>
      inTransaction(pool, async (client) => {
        // A try that another one overtook changes nothing: the first to settle it has said what follows.
        if (!(await settle(client, id, settlement))) return
        for (const event of events) await keepEvent(client, event)
      }),

    async owed(limit, nowMs, againMs) {
      const query = `update webhook_deliveries set look_at = $2 where id in (select id from webhook_deliveries
        where status = 'pending' and look_at <= $1 order by look_at limit $3 for update skip locked) returning id, attempts`
      const rows = await rowsOf<{ id: string; attempts: number }>(query, [new Date(nowMs), new Date(nowMs + againMs), limit])
      return rows.map(({ id, attempts }) => ({ id, attempt: attempts + 1 }))
    },

    async dead(before, limit) {
      const query = `select ${deliveryColumns} from ${deliveries} where d.status = 'dead'
        and ($1::text is null or d.number < (select number from webhook_deliveries where id = $1)) order by d.number desc limit $2`
      const [rows, total] = await Promise.all([
        rowsOf<DeliveryRow>(query, [before ?? null, limit]),
        totalOf(`select count(*) as total from webhook_deliveries where status = 'dead'`, []),
      ])
      return { deliveries: rows.map(deliveryOf), total }
    },

    replay: (id, atMs, event) =>
      inTransaction(pool, async (client) => {
        const { rowCount } = await client.query(
          `update webhook_deliveries set status = 'pending', round_start = attempts, next_attempt_at = $2, look_at = $2, lease_until = null,
            reason = null, ended_at = null where id = $1 and status <> 'pending'`,
          [id, new Date(atMs)],
        )
        if (rowCount === 0) return false
        await keepEvent(client, event)
        return true
      }),

    async forget(endedBeforeMs) {
      const gone = await rowsOf(
        `delete from webhook_deliveries where id in (select id from webhook_deliveries where ended_at < $1 limit ${mostForgotten}) returning id`,
        [new Date(endedBeforeMs)],
      )
      await rowsOf(
        `delete from webhook_events where id in (select id from webhook_events e where created_at < $1
          and not exists (select from webhook_deliveries where event_id = e.id) limit ${mostForgotten})`,
        [new Date(endedBeforeMs)],
      )
      return gone.length
    },
  }
}

async function insertEndpoint(client: PoolClient, endpoint: WebhookEndpoint, most: number): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into webhook_endpoints (id, url, events, scheme, description, sealed_secret, created_at, updated_at)
      select $1, $2, $3, $4, $5, $6, $7, $7 where (select count(*) from webhook_endpoints) < $8`,
    [
      endpoint.id,
      endpoint.url,
      endpoint.events,
      endpoint.scheme,
      endpoint.description,
      endpoint.sealedSecret,
      new Date(endpoint.createdAtMs),
      most,
    ],
  )
  return rowCount === 1
}

/** `name = $3, ` and so on for the members that are there. */
function assignmentsOf(change: WebhookEndpointChange): { sets: string[]; values: unknown[] } {
  const columns: [string, unknown][] = [
    ['url', change.url],
    ['events', change.events],
    ['description', change.description],
    ['disabled_reason', change.disabledReason],
    ['sealed_secret', change.sealedSecret],
    ['previous_sealed_secret', change.previousSealedSecret],
    ['previous_until', typeof change.previousUntilMs === 'number' ? new Date(change.previousUntilMs) : change.previousUntilMs],
  ]
  const given = columns.filter(([, value]) => value !== undefined)
  return { sets: given.map(([column], at) => `${column} = $${at + 3}, `), values: given.map(([, value]) => value) }
}

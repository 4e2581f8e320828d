// A try of a delivery in Postgres: taken once at a time, settled once.
import type { PoolClient } from 'pg'
import type { DeliveryClaim, DeliverySettlement } from '../../domain/event-ports.ts'
import { deliveries, deliveryColumns, deliveryOf, endpointOf, type DeliveryRow, type EndpointRow } from './webhook-rows.ts'

type ClaimInput = { id: string; attempt: number; nowMs: number; leaseMs: number; mostAtOnce: number }

/** The endpoint of a delivery, locked first by whoever changes both: what counts its tries is then counted one after the other, and nobody waits in a circle. */
const lockEndpoint = `select * from webhook_endpoints where id = (select endpoint_id from webhook_deliveries where id = $1) for no key update`

/** Takes a try; `busy` while another has it or the endpoint has as many as it may. */
export async function claim(client: PoolClient, { id, attempt, nowMs, leaseMs, mostAtOnce }: ClaimInput): Promise<DeliveryClaim> {
  const now = new Date(nowMs)
  const endpoint = await client.query<EndpointRow>(lockEndpoint, [id])
  const { rows } = await client.query<DeliveryRow & { body: string }>(
    `select ${deliveryColumns}, e.body from ${deliveries} where d.id = $1 for update of d`,
    [id],
  )
  const row = rows[0]
  if (!row || !endpoint.rows[0] || row.status !== 'pending' || row.attempts !== attempt - 1) return { kind: 'done' }
  if (row.lease_until && row.lease_until > now) return { kind: 'busy' }
  const underWay = await client.query<{ total: string }>(
    'select count(*) as total from webhook_deliveries where endpoint_id = $1 and lease_until > $2',
    [row.endpoint_id, now],
  )
  if (Number(underWay.rows[0]?.total) >= mostAtOnce) return { kind: 'busy' }
  await client.query('update webhook_deliveries set lease_until = $2 where id = $1', [id, new Date(nowMs + leaseMs)])
  return { kind: 'go', delivery: deliveryOf(row), endpoint: endpointOf(endpoint.rows[0]), body: row.body }
}

/** Writes down what became of a try; false when another one was faster. */
export async function settle(
  client: PoolClient,
  id: string,
  { attempt, status, reason, nextAttemptAtMs, disable }: DeliverySettlement,
): Promise<boolean> {
  if (disable !== undefined) await client.query(lockEndpoint, [id])
  const next = new Date(nextAttemptAtMs)
  const endedAt = status === 'pending' ? null : new Date(attempt.atMs + attempt.durationMs)
  const { rows } = await client.query<{ endpoint_id: string }>(
    `update webhook_deliveries set attempts = $2, status = $3, reason = $4, next_attempt_at = $5, look_at = $5, lease_until = null, ended_at = $6
      where id = $1 and status = 'pending' and attempts = $2 - 1 returning endpoint_id`,
    [id, attempt.number, status, reason, next, endedAt],
  )
  if (!rows[0]) return false
  await client.query(
    'insert into webhook_attempts (delivery_id, number, at, duration_ms, outcome, status) values ($1, $2, $3, $4, $5, $6)',
    [id, attempt.number, new Date(attempt.atMs), attempt.durationMs, attempt.outcome, attempt.status],
  )
  if (disable !== undefined) {
    await client.query(
      'update webhook_endpoints set disabled_reason = $2, version = version + 1, updated_at = $3 where id = $1 and disabled_reason is null',
      [rows[0].endpoint_id, disable, endedAt],
    )
  }
  return true
}

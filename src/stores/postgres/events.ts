// What the drains share in Postgres: the turn that one process at a time takes, and the outbox of events that happened here.
import type { PoolClient } from 'pg'
import type { Outbox, OutboxEvent } from '../../domain/event-ports.ts'
import { AppError } from '../../errors.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Pool } from './pool.ts'

/** Advisory locks are numbers; these are ours. */
export const turns = { audit: 7_295_110_834, webhooks: 7_295_110_835 } as const

/** Runs statements; whatever fails is Postgres being away or refusing: `service_degraded`, with the cause. */
export async function asking<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (cause) {
    throw cause instanceof AppError ? cause : new AppError('service_degraded', { retryAfterMs: SECOND_MS }, { cause })
  }
}

/** One transaction; what `work` throws undoes it. */
export async function inTransaction<Value>(pool: Pool, work: (client: PoolClient) => Promise<Value>): Promise<Value> {
  return asking(async () => {
    const client = await pool.connect()
    let failure: Error | undefined
    // A connection that breaks between two statements says so here, and the next statement fails; without a listener the process would end.
    const onError = (error: Error): void => void (failure = error)
    client.on('error', onError)
    try {
      await client.query('begin')
      const value = await work(client)
      await client.query('commit')
      return value
    } catch (error) {
      // A connection that cannot even undo is thrown away.
      await client.query('rollback').catch((cause: unknown) => (failure ??= cause instanceof Error ? cause : new Error('cannot undo')))
      throw error
    } finally {
      client.off('error', onError)
      client.release(failure)
    }
  })
}

/** A transaction that at most one process has at a time; null when another one has it now. The lock goes with the transaction, however it ends. */
export async function inTurn<Value>(pool: Pool, turn: number, work: (client: PoolClient) => Promise<Value>): Promise<Value | null> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_xact_lock($1) as taken', [turn])
    return rows[0]?.taken ? work(client) : null
  })
}

const insert = `insert into event_outbox (event_id, partition, type, subject, sequence, data, request_id, actor, at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

/** Keeps an event with the change that it tells of, in that change's own transaction. */
export async function keepEvent(client: Pick<PoolClient, 'query'>, event: OutboxEvent): Promise<void> {
  const { id, partition, type, subject, sequence, data = {}, requestId, actor, atMs } = event
  await client.query(insert, [id, partition, type, subject, sequence, JSON.stringify(data), requestId, actor, new Date(atMs)])
}

type OutboxRow = {
  event_id: string
  partition: number
  type: string
  subject: string
  sequence: string
  data: Record<string, string>
  request_id: string
  actor: string
  at: Date
}

export function createOutboxStore(pool: Pool): Outbox {
  return {
    async waiting(limit) {
      const query = `select event_id, partition, type, subject, sequence, data, request_id, actor, at from event_outbox order by number limit $1`
      const { rows } = await asking(() => pool.query<OutboxRow>(query, [limit]))
      return rows.map(({ event_id: id, sequence, request_id: requestId, at, ...rest }) => ({
        ...rest,
        id,
        sequence: Number(sequence),
        requestId,
        atMs: at.getTime(),
      }))
    },
    async remove(ids) {
      await asking(() => pool.query('delete from event_outbox where event_id = any($1)', [ids]))
    },
  }
}

// The drains on a real Redis and a real Postgres: every event once, in order, without a gap, whatever breaks.
import { createServer, type Server, type Socket } from 'node:net'
import { connect } from 'node:net'
import { afterAll, describe, expect, it } from 'vitest'
import { createSinks } from '../../../src/bin/event-parts.ts'
import { createOutboxStore, inTransaction, keepEvent } from '../../../src/stores/postgres/events.ts'
import { createPool } from '../../../src/stores/postgres/pool.ts'
import { createId } from '../../../src/lib/ids.ts'
import { drainOnce, forwardOutbox, startEventDrain } from '../../../src/workers/loops/event-drain.ts'
import { until } from '../../support/infra.ts'
import { createTrail, type TestTrail } from '../../support/trail.ts'

async function trailOf({ pool }: TestTrail): Promise<{ sequence: number; subject: string }[]> {
  const { rows } = await pool.query<{ sequence: string; subject: string }>('select sequence, subject from audit_entries order by sequence')
  return rows.map(({ sequence, subject }) => ({ sequence: Number(sequence), subject }))
}

const numbered = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1)

describe('the drain of audit', () => {
  it('takes what was written before there ever was a drain, in order, and acknowledges it', async () => {
    const trail = await createTrail()
    await trail.write(1_203)
    await trail.drain()
    const entries = await trailOf(trail)
    expect(entries.map(({ sequence }) => sequence)).toEqual(numbered(1_203))
    const order = entries.map(({ subject }) => Number(subject.split(':')[1]))
    expect(order).toEqual(order.toSorted((one, other) => one - other))
    expect(await trail.streams.lagMs(0, 'audit', Date.now())).toBe(0)
    expect(await trail.streams.lagMs(0, 'webhooks', Date.now() + 5)).toBeGreaterThan(0)
  })

  it('stores once what is taken twice: acknowledgements that got lost, and several drains at once', async () => {
    const trail = await createTrail({ partitions: 2 })
    await trail.write(700)
    await trail.events.append(1, { type: 'thing.happened', subject: 'thing:other', sequence: 1 }, { requestId: '', actor: '' }, Date.now())
    const forgetful = { ...trail.streams, acknowledge: () => Promise.reject(new Error('the reply was lost')) }
    await expect(drainOnce(trail.drainDeps('audit', { streams: forgetful }))).rejects.toThrow('lost')
    await expect(drainOnce(trail.drainDeps('audit', { streams: forgetful }))).rejects.toThrow('lost')
    await Promise.all(Array.from({ length: 6 }, () => trail.drain()))
    await trail.drain()
    const entries = await trailOf(trail)
    expect(entries.map(({ sequence }) => sequence)).toEqual(numbered(701))
    expect(new Set(entries.map(({ subject }) => subject)).size).toBe(701)
  })

  it('stores nothing of a batch that fails half-way, and all of it the next time', async () => {
    const trail = await createTrail()
    await trail.write(20)
    await trail.pool.query(`create function break_half() returns trigger language plpgsql as $$ begin
      if new.sequence = 11 then raise exception 'broken'; end if; return new; end $$`)
    await trail.pool.query('create trigger half before insert on audit_entries for each row execute function break_half()')
    await expect(drainOnce(trail.drainDeps('audit'))).rejects.toThrow()
    expect(await trailOf(trail)).toEqual([])
    await trail.pool.query('drop trigger half on audit_entries')
    await trail.drain()
    expect((await trailOf(trail)).map(({ sequence }) => sequence)).toEqual(numbered(20))
  })

  it('loses nothing while Postgres is away, and goes on by itself', async () => {
    const trail = await createTrail()
    const proxy = await startProxy(new URL(trail.databaseUrl))
    const pool = createPool(trail.databaseUrl.replace(/:\d+\//, `:${proxy.port}/`), () => {}, 2)
    const loop = startEventDrain(trail.drainDeps('audit', { sink: createSinks(pool, trail.keyring).audit }))
    await trail.write(10)
    await until(async () => (await trailOf(trail)).length === 10)
    proxy.cut()
    await trail.write(600)
    await expect(pool.query('select 1')).rejects.toThrow()
    await proxy.mend()
    await until(async () => (await trailOf(trail)).length === 610)
    expect((await trailOf(trail)).map(({ sequence }) => sequence)).toEqual(numbered(610))
    await loop.close()
    await pool.end()
    proxy.close()
  })

  it('reads entries that make no sense as what they are, and goes on behind them', async () => {
    const trail = await createTrail()
    await trail.redis.xadd('{p0}:events', '*', 'nonsense', '\0', 'data', '{broken', 'sequence', 'x', 'at', 'never')
    await trail.write(1)
    await trail.drain()
    expect((await trail.audit.read(0, 10)).map(({ action }) => action)).toEqual(['event.unreadable', 'thing.happened'])
  })
})

describe('trimming', () => {
  it('leaves what any drain has not acknowledged, and the newest 10,000', async () => {
    const trail = await createTrail()
    for (let i = 0; i < 13; i++) await trail.write(1_000)
    await trail.drain('audit')
    expect(await trail.streams.trim(0)).toBe(0)
    await trail.drain('webhooks')
    while ((await trail.streams.trim(0)) > 0);
    expect(await trail.redis.xlen('{p0}:events')).toBe(10_000)
    await trail.write(5)
    await drainOnce(trail.drainDeps('audit'))
    expect(await trail.streams.trim(0)).toBe(5)
    expect((await trail.streams.take(0, 'webhooks', 10)).length).toBe(5)
    expect(await trailOf(trail)).toHaveLength(13_005)
  })

  it('does not move past a drain that stands behind its tail', async () => {
    const trail = await createTrail()
    for (let i = 0; i < 11; i++) await trail.write(1_000)
    await trail.drain('audit')
    await trail.streams.take(0, 'webhooks', 3)
    expect(await trail.streams.trim(0)).toBe(0)
    expect(await trail.streams.take(0, 'webhooks', 5)).toHaveLength(3)
  })
})

describe('the outbox', () => {
  it('brings an event that happened in Postgres into the streams once, however often it is forwarded', async () => {
    const trail = await createTrail()
    const outbox = createOutboxStore(trail.pool)
    const event = {
      id: createId('evt', { partition: 0, keyTag: 0, traits: 0 }),
      partition: 0,
      type: 'api_key.created',
      subject: 'api_key:1',
      sequence: 1,
      requestId: '',
      actor: 'a',
      atMs: 1_000,
    }
    await inTransaction(trail.pool, (client) => keepEvent(client, event))
    await inTransaction(trail.pool, async (client) => {
      await keepEvent(client, { ...event, id: `${event.id}x` })
      throw new Error('undone')
    }).catch(() => {})
    const forgetful = { ...outbox, remove: () => Promise.reject(new Error('killed')) }
    await forwardOutbox({ outbox: forgetful, streams: trail.streams }).catch(() => {})
    expect(await forwardOutbox({ outbox, streams: trail.streams })).toBe(1)
    expect(await forwardOutbox({ outbox, streams: trail.streams })).toBe(0)
    await trail.drain()
    expect(await trail.audit.read(0, 10)).toMatchObject([{ id: event.id, action: 'api_key.created', at: '1970-01-01T00:00:01.000Z' }])
  })
})

type Proxy = { port: number; cut(): void; mend(): Promise<void>; close(): void }

/** Between us and Postgres; cut, it ends every connection and refuses new ones. */
async function startProxy(target: URL): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const open = (port: number): Promise<Server> => {
    const server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname)
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(one)
        one.on('error', () => {}).on('close', () => other.destroy())
        one.pipe(other)
      }
    })
    return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)))
  }
  let server = await open(0)
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const cut = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  afterAll(cut)
  return { port, cut, close: cut, mend: async () => void (server = await open(port)) }
}

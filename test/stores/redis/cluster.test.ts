// Temporary state in a Redis Cluster of two nodes: every script stays within one slot, whichever node that is on.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { consumeOperation } from '../../../src/domain/pending-operations/consume.ts'
import { createOperation } from '../../../src/domain/pending-operations/create.ts'
import { listOperations } from '../../../src/domain/pending-operations/list.ts'
import { readStatistics } from '../../../src/domain/pending-operations/statistics.ts'
import { updateOperation } from '../../../src/domain/pending-operations/update.ts'
import { findFreePort } from '../../../src/lib/ports.ts'
import { spawnGuarded, type GuardedProcess } from '../../../src/lib/guarded-process.ts'
import { until } from '../../support/infra.ts'
import { context, createOperations, trace, userNamed } from '../../support/operations.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-cluster-'))
const servers: GuardedProcess[] = []
let url: string

async function startNode(name: string): Promise<{ port: number; client: Redis }> {
  const port = await findFreePort()
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    'cluster-enabled yes',
    `cluster-config-file ${name}.conf`,
    `cluster-port ${await findFreePort()}`,
    `dir ${folder}`,
    'save ""',
  ]
  servers.push(await spawnGuarded('redis-server', ['-'], { cwd: folder, input: `${lines.join('\n')}\n` }))
  const client = new Redis({ port, host: '127.0.0.1', lazyConnect: false, retryStrategy: () => 50, maxRetriesPerRequest: null })
  client.on('error', () => {})
  await client.ping()
  return { port, client }
}

beforeAll(async () => {
  const [one, two] = [await startNode('one'), await startNode('two')]
  await one.client.call('CLUSTER', 'ADDSLOTSRANGE', 0, 8_191)
  await two.client.call('CLUSTER', 'ADDSLOTSRANGE', 8_192, 16_383)
  await two.client.call('CLUSTER', 'SET-CONFIG-EPOCH', 2)
  const bus = /cport=(\d+)|@(\d+)/.exec(String(await one.client.call('CLUSTER', 'NODES')))
  await two.client.call('CLUSTER', 'MEET', '127.0.0.1', one.port, Number(bus?.[1] ?? bus?.[2]))
  await until(
    async () =>
      [one, two].every(Boolean) &&
      (
        await Promise.all(
          [one, two].map(
            async ({ client }) =>
              String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok') &&
              String(await client.call('CLUSTER', 'INFO')).includes('cluster_known_nodes:2'),
          ),
        )
      ).every(Boolean),
    { timeoutMs: 30_000 },
  )
  for (const { client } of [one, two]) client.disconnect()
  url = `redis://127.0.0.1:${one.port},127.0.0.1:${two.port}`
})
afterAll(async () => {
  await Promise.all(servers.map((server) => server.kill()))
  rmSync(folder, { recursive: true, force: true })
})

it('does everything that it does in a single Redis', async () => {
  const deps = createOperations(url, { partitions: 8 })
  const alice = userNamed('alice')
  const made = await Promise.all(
    Array.from({ length: 64 }, (_, at) =>
      createOperation(deps, alice, { operationType: 'registration', backend: at % 8 === 0 ? 'jwt' : 'redis', data: { at } }, trace),
    ),
  )
  const redisOnes = made.filter(({ backend }) => backend === 'redis')
  const page = await listOperations(deps, alice, { operationType: 'registration' }, { first: 100 }, context)
  expect(page).toMatchObject({ totalCount: 56, totalCountIsExact: true })
  expect(new Set(page.nodes.map(({ id }) => id))).toEqual(new Set(redisOnes.map(({ id }) => id)))
  await updateOperation(deps, redisOnes[0]?.token ?? '', { data: { more: 1 } }, trace)
  await Promise.all(made.map(({ token }) => consumeOperation(deps, alice, { token, operationType: 'registration' }, trace)))
  const statistics = await readStatistics(deps, userNamed('root', { roles: ['admin'] }))
  expect(statistics).toMatchObject({ total: 56, active: 0, byType: { registration: { created: 64, consumed: 64 } } })
  deps.time.nowMs += 86_400_000
  const removed = await Promise.all(Array.from({ length: 8 }, (_, partition) => deps.states.sweep(partition, 100, deps.time.nowMs)))
  expect(removed.reduce((sum, kinds) => sum + (kinds.get('pending_operation') ?? 0), 0)).toBe(56)
})

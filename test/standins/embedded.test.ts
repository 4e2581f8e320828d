// The embedded Redis and Postgres over their lives: they keep data, and they never outlive the process that started them.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, expect, test } from 'vitest'
import { commandOf } from '../../src/lib/process-table.ts'
import { findFreePort } from '../../src/lib/ports.ts'
import { listen } from '../../src/standins/http-server.ts'
import { startPostgres } from '../../src/standins/postgres.ts'
import { startRedis } from '../../src/standins/redis.ts'
import { askRedis, until } from '../support/infra.ts'
import { spawnNode } from '../support/processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-embedded-'))
chmodSync(folder, 0o711)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('Redis keeps what it was told over a stop, a crash and a start, evicts nothing, and wants its password', async () => {
  const options = { dataDir: join(folder, 'redis'), port: await findFreePort(), password: 'secret' }
  const first = await startRedis(options)
  expect(await askRedis(first.url, ['SET k v', 'CONFIG GET maxmemory-policy'])).toContain('noeviction')
  await first.stop()
  const second = await startRedis(options)
  expect(await askRedis(second.url, ['GET k'])).toContain('v')
  expect((await askRedis(second.url.replace('secret', 'wrong'), ['GET k'])).join()).toContain('NOAUTH')
  await second.kill()
  const third = await startRedis(options)
  expect(await askRedis(third.url, ['GET k'])).toContain('v')
  await third.stop()
})

test('a busy port is an error that names it', async () => {
  const taken = await listen(createServer(), 0)
  await expect(startRedis({ dataDir: join(folder, 'busy'), port: taken.port, password: 'secret' })).rejects.toThrow(`on port ${taken.port}`)
  const options = { dataDir: join(folder, 'busy-postgres'), port: taken.port, password: 'secret' }
  await expect(startPostgres(options)).rejects.toThrow(`on port ${taken.port}`)
  await taken.stop()
})

test('Postgres keeps its tables over a stop, a crash and a start', async () => {
  const options = { dataDir: join(folder, 'postgres'), port: await findFreePort(), password: 'secret' }
  const query = async (url: string, sql: string): Promise<unknown[]> => {
    const client = new Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query<Record<string, unknown>>(sql)
    await client.end()
    return rows
  }
  const first = await startPostgres(options)
  await query(first.url, 'create table t as select 1 as n')
  await first.kill()
  const second = await startPostgres(options)
  expect(await query(second.url, 'select n from t')).toEqual([{ n: 1 }])
  await second.stop()
})

test('when the process that started it is killed, the embedded Redis ends too', async () => {
  const dataDir = join(folder, 'orphan')
  const owner = await spawnNode('test/support/redis-owner.ts', { TEST_DATA_DIR: dataDir, TEST_PORT: String(await findFreePort()) })
  const pid = Number((await owner.line(/^redis \d+$/)).split(' ')[1])
  expect(commandOf(pid)).toContain('redis-server')
  await owner.kill()
  await until(() => commandOf(pid) === '')
})

// Connections: what a URL means, and how they behave while Redis is away.
import { Cluster, Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { findFreePort } from '../../../src/lib/ports.ts'
import { closeRedis, openRedis, type RedisConnection } from '../../../src/stores/redis/connections.ts'
import { examineRedis } from '../../../src/stores/redis/fitness.ts'
import { lookAtRedis } from '../../../src/stores/redis/fitness-gate.ts'
import { createTestRedis, until } from '../../support/infra.ts'

const opened: RedisConnection[] = []
afterEach(() => opened.splice(0).forEach(closeRedis))
function open(url: string, temper: 'impatient' | 'patient' | 'tail' = 'impatient'): RedisConnection {
  const connection = openRedis(url, temper, 'test', () => {})
  opened.push(connection)
  return connection
}

describe('a URL', () => {
  it('of one host is that Redis, its database and credentials', () => {
    const connection = open('redis://user:p%40ss@127.0.0.1:1/3')
    expect(connection).toBeInstanceOf(Redis)
    expect(connection.options).toMatchObject({ host: '127.0.0.1', port: 1, db: 3, username: 'user', password: 'p@ss' })
  })

  it('with rediss is encrypted', () => expect((open('rediss://127.0.0.1:1') as Redis).options.tls).toBeTruthy())

  it('of several hosts is a Cluster with the credentials of the first', () => {
    const connection = open('rediss://user:p%40ss@a.test:1,b.test:2')
    expect(connection).toBeInstanceOf(Cluster)
    expect((connection as Cluster).options.redisOptions).toMatchObject({ username: 'user', password: 'p@ss', tls: {} })
  })

  it('of Sentinels names them and the master', () => {
    const { options } = open('redis+sentinel://:p%40ss@s1.test:1,s2.test/main') as Redis
    expect(options).toMatchObject({
      sentinels: [
        { host: 's1.test', port: 1 },
        { host: 's2.test', port: 26_379 },
      ],
      name: 'main',
      password: 'p@ss',
    })
  })
})

describe('while Redis is away', () => {
  it('an impatient connection fails at once, a patient one waits', async () => {
    const url = `redis://127.0.0.1:${await findFreePort()}`
    await expect(open(url).get('x')).rejects.toThrow()
    let isSettled = false
    const patient = open(url, 'patient')
    patient.get('x').then(
      () => (isSettled = true),
      () => (isSettled = true),
    )
    await until(() => patient.status === 'reconnecting')
    expect(isSettled).toBe(false)
    expect(await lookAtRedis(open(url), [])).toEqual({ kind: 'away' })
  })
})

describe('the fitness of Redis', () => {
  it('is reported with its facts when it is fit', async () => {
    const connection = open(await createTestRedis(), 'patient')
    const report = await examineRedis(connection)
    expect(report).toMatchObject({ faults: [], version: expect.stringMatching(/^\d+\.\d+/) })
    expect(Math.abs(report.skewMs)).toBeLessThan(2_000)
    expect(await lookAtRedis(connection, [])).toMatchObject({ kind: 'fit' })
  })
})

// Console sessions that were ended, in a real Redis.
import { afterAll, expect, test } from 'vitest'
import { closeRedis, openRedis } from '../../../src/stores/redis/connections.ts'
import { createEndedSessions } from '../../../src/stores/redis/ended-sessions.ts'
import { ScriptRunner } from '../../../src/stores/redis/run-script.ts'
import { createTestRedis } from '../../support/infra.ts'

const redis = openRedis(await createTestRedis(), 'patient', 'test', () => {})
afterAll(() => closeRedis(redis))

test('an ended session is known as such until it would have ended by itself', async () => {
  const ended = createEndedSessions(new ScriptRunner(redis, 5_000))
  const untilMs = Date.now() + 60_000
  expect(await ended.isEnded('a')).toBe(false)
  await ended.end('a', untilMs)
  await ended.end('a', untilMs)
  expect([await ended.isEnded('a'), await ended.isEnded('b')]).toEqual([true, false])
  const [key = ''] = await redis.keys('*console*')
  expect(await redis.pexpiretime(key)).toBe(untilMs)
})

test('with Redis away it cannot be told', async () => {
  const away = openRedis('redis://127.0.0.1:1', 'impatient', 'test', () => {})
  const ended = createEndedSessions(new ScriptRunner(away, 200))
  await expect(ended.isEnded('a')).rejects.toMatchObject({ code: 'service_degraded' })
  closeRedis(away)
})

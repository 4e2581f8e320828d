// Running Lua in bounded time: what an outage is, and what a bug is.
import { describe, expect, it } from 'vitest'
import { script, ScriptRunner } from '../../../src/stores/redis/run-script.ts'
import { closeRedis, openRedis } from '../../../src/stores/redis/connections.ts'
import { findFreePort } from '../../../src/lib/ports.ts'
import { createDomain, refusal } from '../../support/domain.ts'

const domain = await createDomain()

describe('a script', () => {
  it('is sent by its hash, and once with its text when the server does not know it', async () => {
    const program = script(`return { KEYS[1], ARGV[1], '${Math.random()}' }`)
    expect(await domain.runner.run(program, ['k'], { a: 1 })).toEqual(['k', '{"a":1}', expect.any(String)])
    expect(await domain.redis.script('EXISTS', program.sha)).toEqual([1])
    expect(await domain.runner.run(program, ['k'], 'plain')).toEqual(['k', 'plain', expect.any(String)])
  })

  it('that fails by itself is a bug and no outage', async () => {
    await expect(domain.runner.run(script('return nothing.at.all'), ['k'], {})).rejects.not.toMatchObject({ code: 'service_degraded' })
    await domain.redis.set('a-string', 'x')
    await expect(domain.runner.run(script("return redis.call('HGETALL', KEYS[1])"), ['a-string'], {})).rejects.toThrow(/WRONGTYPE/)
  })
})

describe('Redis that does not answer', () => {
  it('is an outage, told in time', async () => {
    const slow = new ScriptRunner(domain.redis, 20)
    const startedAt = performance.now()
    expect(await refusal(slow.bounded(() => new Promise(() => {})))).toMatchObject({ code: 'service_degraded', retryAfterMs: 1_000 })
    expect(performance.now() - startedAt).toBeLessThan(500)
  })

  it('because nobody listens is an outage at once', async () => {
    const away = openRedis(`redis://127.0.0.1:${await findFreePort()}`, 'impatient', 'test-away', () => {})
    expect(await refusal(new ScriptRunner(away, 5_000).bounded(() => away.get('x')))).toMatchObject({ code: 'service_degraded' })
    closeRedis(away)
  })
})

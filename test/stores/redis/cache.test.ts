// The cache over real Redis, as several processes would use it: each RedisCache here stands for one.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, describe, expect, it } from 'vitest'
import { Keyring } from '../../../src/lib/keyring.ts'
import { createJwtVerifier } from '../../../src/providers/tokens/jwt-verifier.ts'
import { fetchThrough } from '../../../src/providers/tokens/shared-key-set.ts'
import { RedisCache } from '../../../src/stores/redis/cache.ts'
import { closeRedis, openRedis } from '../../../src/stores/redis/connections.ts'
import { ScriptRunner } from '../../../src/stores/redis/run-script.ts'
import { createManualClock } from '../../support/domain.ts'
import { createTestRedis, until } from '../../support/infra.ts'

const redis = openRedis(await createTestRedis(), 'impatient', 'test', () => {})
afterAll(() => closeRedis(redis))
await until(() => redis.status === 'ready')
const runner = new ScriptRunner(redis, 5_000)
const keyring = Keyring.parse(`k1:${randomBytes(32).toString('base64')}`)
const clock = createManualClock()

function createProcess(): { cache: RedisCache; reads: string[] } {
  const reads: string[] = []
  return { cache: new RedisCache(runner, 4, { clock, keyring, onRead: (_name, reading) => void reads.push(reading) }), reads }
}
const entry = (key: string, tags: string[] = []) => ({ name: 'test', key, ttlMs: 60_000, tags })

describe('the cache', () => {
  it('lets one of many make a value that all of them want, in however many processes', async () => {
    let made = 0
    const gate = Promise.withResolvers<void>()
    const make = async (): Promise<string> => {
      made++
      await gate.promise
      return 'the value'
    }
    const processes = Array.from({ length: 5 }, () => createProcess())
    const asked = processes.flatMap(({ cache }) => Array.from({ length: 20 }, () => cache.get(entry('one'), make)))
    await until(() => made > 0)
    gate.resolve()
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['the value']))
    expect(made).toBe(1)
  })

  it('answers from memory for a second, then from Redis, and says so', async () => {
    const [one, other] = [createProcess(), createProcess()]
    await one.cache.get(entry('two'), async () => 'v')
    await one.cache.get(entry('two'), async () => 'v')
    await other.cache.get(entry('two'), async () => 'another')
    clock.advance(1_000)
    expect(await one.cache.get(entry('two'), async () => 'another')).toBe('v')
    expect([one.reads, other.reads]).toEqual([['made', 'memory', 'redis'], ['redis']])
  })

  it('forgets by tag everywhere: here at once, in other processes within a second', async () => {
    const [one, other] = [createProcess(), createProcess()]
    for (const { cache } of [one, other]) await cache.get(entry('three', ['people', 'places']), async () => 'old')
    await one.cache.invalidate('places')
    expect(await one.cache.get(entry('three', ['people', 'places']), async () => 'new')).toBe('new')
    clock.advance(1_000)
    expect(await other.cache.get(entry('three', ['people', 'places']), async () => 'never')).toBe('new')
  })

  it('does not keep what was made of facts that changed meanwhile', async () => {
    const { cache } = createProcess()
    await cache.get(entry('four', ['people']), async () => {
      await createProcess().cache.invalidate('people')
      return 'made of old facts'
    })
    clock.advance(1_000)
    expect(await cache.get(entry('four', ['people']), async () => 'fresh')).toBe('fresh')
  })

  it('keeps no failure: the next one makes it', async () => {
    const { cache } = createProcess()
    await expect(cache.get(entry('five'), () => Promise.reject(new Error('not now')))).rejects.toThrow('not now')
    expect(await cache.get(entry('five'), async () => 'now')).toBe('now')
  })

  it('believes nothing that somebody else wrote into Redis', async () => {
    const { cache } = createProcess()
    const sealed = { ...entry('six'), name: 'sealed' }
    await cache.get(sealed, async () => 'ours')
    const [key = ''] = await redis.keys('*cache:sealed:*')
    expect(await redis.hget(key, 'value')).not.toContain('ours')
    await redis.hset(key, 'value', 'forged')
    clock.advance(1_000)
    expect(await cache.get(sealed, async () => 'made again')).toBe('made again')
  })

  it('goes round a Redis that is away', async () => {
    const lost = openRedis('redis://127.0.0.1:1', 'impatient', 'test', () => {})
    const reads: string[] = []
    const cache = new RedisCache(new ScriptRunner(lost, 100), 1, { clock, keyring, onRead: (_name, reading) => void reads.push(reading) })
    expect(await cache.get(entry('seven'), async () => 'made')).toBe('made')
    expect(reads).toEqual(['without_redis'])
    closeRedis(lost)
  })
})

describe('the key set of the identity provider', () => {
  it('is fetched once for many processes', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    let fetched = 0
    const provider = createServer((_req, res) => {
      fetched++
      void exportJWK(publicKey).then((jwk) =>
        res.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [{ ...jwk, kid: 'one', alg: 'ES256' }] })),
      )
    })
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
    const jwksUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/jwks.json`
    const jwt = await new SignJWT({ sid: 's1' })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setSubject('ada')
      .setExpirationTime('5m')
      .sign(privateKey)
    const verifiers = Array.from({ length: 10 }, () => createJwtVerifier({ jwksUrl, fetchKeySet: fetchThrough(createProcess().cache) }))
    const claims = await Promise.all(verifiers.map((verify) => verify(jwt)))
    expect(claims.every(({ subject }) => subject === 'ada')).toBe(true)
    expect(fetched).toBe(1)
    // Rewriting a signature into another one that is as good gives the token no other name.
    const [header = '', payload = '', signature = ''] = jwt.split('.')
    const raw = Buffer.from(signature, 'base64url')
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const s = order - BigInt(`0x${raw.subarray(32).toString('hex')}`)
    const twin = Buffer.concat([raw.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]).toString('base64url')
    const [verify] = verifiers
    expect((await verify?.(`${header}.${payload}.${twin}`))?.tokenId).toBe(claims[0]?.tokenId)
    await new Promise((resolve) => provider.close(resolve))
  })
})

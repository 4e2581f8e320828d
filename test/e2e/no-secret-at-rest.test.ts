// No secret at rest: 1,000 codes and links are issued, and then searched for wherever something is kept, said or shown.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFreePort } from '../../src/lib/ports.ts'
import { startRedis, type EmbeddedRedis } from '../../src/standins/redis.ts'
import { until } from '../support/infra.ts'
import { codeIn, linkIn, startSystem, type System } from '../support/system.ts'

const amount = 1_000
const boardPages = 4

describe('1,000 issued codes and links', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-secrets-'))
  let redis: EmbeddedRedis
  let client: Redis
  let system: System
  const answers: string[] = []

  beforeAll(async () => {
    redis = await startRedis({ dataDir, port: await findFreePort(), password: 'only-for-this-test' })
    client = new Redis(redis.url)
    await client.config('SET', 'slowlog-log-slower-than', '0')
    await client.config('SET', 'slowlog-max-len', '100000')
    system = await startSystem({ redisUrl: redis.url, env: { LOG_LEVEL: 'trace' } })
  })
  afterAll(async () => {
    client.disconnect()
    await redis.kill()
    rmSync(dataDir, { recursive: true, force: true })
  })

  async function issue(): Promise<{ codes: string[]; tokens: string[]; destinations: string[] }> {
    const server = await system.as({ sub: 'shop', roles: ['system'] })
    const say = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
      const answer = await system.call(method, path, body, server)
      answers.push(answer.text, JSON.stringify([...answer.headers]))
      return answer.body
    }
    const destinations = Array.from({ length: amount / 2 }, (_, at) => [`+1415558${String(1_000 + at)}`, `person-${at}@example.com`]).flat()
    const ids: unknown[] = []
    for (let at = 0; at < amount; at += 50) {
      const batch = destinations
        .slice(at, at + 50)
        .map((to) => (to.startsWith('+') ? { channel: 'sms', to } : { channel: 'email', method: 'link', to, name: 'Ada' }))
      ids.push(...(await Promise.all(batch.map((body) => say('POST', '/v1/verifications', body)))).map(({ id }) => id))
    }
    await until(() => system.standins.outbox.list().length >= amount, { timeoutMs: 60_000 })
    const messages = destinations.map((to) => system.standins.outbox.list(to)[0]?.text ?? '')
    const codes = messages.map(codeIn)
    const tokens = messages.filter((text) => text.includes('/v/')).map((text) => linkIn(text).slice('/v/'.length))
    // Some are used, wrongly and rightly, so that whatever checking leaves behind is searched as well.
    for (let at = 0; at < 40; at += 2) {
      await say('POST', `/v1/verifications/${ids[at]}/check`, { code: codes[at + 1] })
      answers.push((await system.call('GET', `/v/${tokens[at / 2]}`)).text.replaceAll(`/v/${tokens[at / 2]}`, ''))
      await say('GET', `/v1/verifications/${ids[at]}/attempts`)
    }
    return { codes, tokens, destinations }
  }

  async function dump(): Promise<string> {
    const kept: string[] = []
    for (const key of await client.keys('*')) {
      kept.push(key)
      kept.push(await readKey(key))
    }
    return kept.join('\n')
  }

  async function readKey(key: string): Promise<string> {
    switch (await client.type(key)) {
      case 'hash':
        return JSON.stringify(await client.hgetall(key))
      case 'zset':
        return JSON.stringify(await client.zrange(key, '0', '-1', 'WITHSCORES'))
      case 'stream':
        return JSON.stringify(await client.xrange(key, '-', '+'))
      case 'list':
        return JSON.stringify(await client.lrange(key, 0, -1))
      case 'set':
        return JSON.stringify(await client.smembers(key))
      default:
        return (await client.get(key)) ?? ''
    }
  }

  async function board(): Promise<string> {
    const admin = await system.as({ sub: 'root', roles: ['admin'] })
    const signIn = await system.call(
      'POST',
      '/sign-in',
      new URLSearchParams({ credential: admin['authorization']?.slice('Bearer '.length) ?? '' }).toString(),
      {
        'content-type': 'application/x-www-form-urlencoded',
      },
    )
    const cookie = signIn.headers.get('set-cookie')?.split(';', 1)[0] ?? ''
    const pages: string[] = []
    for (const queue of ['otp', 'mail']) {
      for (let page = 1; page <= boardPages; page++) {
        const answer = await system.call(
          'GET',
          `/admin/queues/api/queues?activeQueue=${encodeURIComponent(queue)}&status=completed&page=${page}&jobsPerPage=100`,
          undefined,
          { cookie },
        )
        expect(answer.status).toBe(200)
        pages.push(answer.text)
      }
    }
    expect(pages.join('')).toContain('verificationId')
    return pages.join('\n')
  }

  it(
    'are in no dump, no AOF, no SLOWLOG, no log, no answer and nothing that Bull Board shows; nor is a destination in full',
    { timeout: 120_000 },
    async () => {
      const { codes, tokens, destinations } = await issue()
      const aof = readdirSync(join(dataDir, 'appendonlydir')).map((file) => readFileSync(join(dataDir, 'appendonlydir', file), 'latin1'))
      const slowlog = JSON.stringify(await client.call('SLOWLOG', 'GET', '100000'))
      const places: Record<string, string> = {
        dump: await dump(),
        aof: aof.join('\n'),
        slowlog,
        logs: [...system.apis, ...system.workers].flatMap(({ lines }) => lines).join('\n'),
        answers: answers.join('\n'),
        board: await board(),
      }
      for (const [place, text] of Object.entries(places)) {
        expect(text.length, `${place} holds something to search`).toBeGreaterThan(1_000)
        // Six digits occur by chance inside longer numbers and ids, so a code counts where it stands alone; and measures are numbers that stand alone.
        const words = text.replaceAll(/^[a-z_]+(?:\{[^}\n]*\})? \d+$/gm, '')
        const found = new Set(words.match(/(?<![0-9A-Za-z_.-])\d{6}(?![0-9A-Za-z_-])/g))
        expect(
          codes.filter((code) => found.has(code)),
          `codes in ${place}`,
        ).toEqual([])
        expect(
          tokens.filter((token) => text.includes(token)),
          `links in ${place}`,
        ).toEqual([])
        expect(
          destinations.filter((to) => text.includes(to)),
          `destinations in ${place}`,
        ).toEqual([])
      }
    },
  )
})

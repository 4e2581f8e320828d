// Uploads when things break: the network, the API process, the worker process; and two writers at once. What arrives is whole, and counted once.
// UPLOAD_KILLS=100 runs the long form: so many kills of the API, and one of the worker at each stage.
import { randomInt } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { Upload } from 'tus-js-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startClamdStandin, type ClamdStandin } from '../../src/standins/clamd.ts'
import { finaliseStages } from '../../src/domain/upload-ports.ts'
import { startCuttingProxy } from '../support/cutting-proxy.ts'
import { until } from '../support/infra.ts'
import { startSystem, type System } from '../support/system.ts'
import { bytesType, metadata, send, sha256, textBytes } from '../support/upload-client.ts'

const MIB = 1_048_576
const isLong = process.env['UPLOAD_KILLS'] !== undefined
const folder = mkdtempSync(join(tmpdir(), 'sallyport-broken-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('uploads', () => {
  let system: System
  let clamd: ClamdStandin
  let redis: Redis
  let alice: Record<string, string>
  beforeAll(async () => {
    clamd = await startClamdStandin()
    system = await startSystem({ apis: 2, env: { STORAGE_URL: `file:${folder}`, CLAMD_URL: clamd.url } })
    redis = new Redis(String(system.env['REDIS_URL']))
    alice = await system.as({ sub: 'alice' })
  })
  afterAll(async () => {
    redis.disconnect()
    await clamd.stop()
  })

  const begin = async (length: number, base = system.url): Promise<string> =>
    String(
      (
        await send(base, 'POST', '/v1/uploads', {
          ...alice,
          'upload-length': String(length),
          'upload-metadata': metadata({ filename: 'a.txt' }),
        })
      ).headers.location,
    )
  const session = async (path: string, base = system.url) => (await system.call('GET', `${path}/session`, undefined, alice, base)).body
  const stored = (path: string, timeoutMs = 60_000) =>
    until(
      async () => {
        const now = await session(path)
        return ['stored', 'rejected', 'failed'].includes(String(now['status'])) ? now : null
      },
      { timeoutMs },
    )
  const events = async (path: string, type: string) => {
    const entries = await redis.xrange('{p0}:events', '-', '+')
    return entries.filter(([, fields]) => fields.includes(type) && fields.includes(`upload:${path.split('/').at(-1)}`))
  }

  it('by tus-js-client over a network that breaks every 5 MiB arrive whole', { timeout: 120_000 }, async () => {
    const bytes = textBytes(64 * MIB, 'broken')
    const proxy = await startCuttingProxy(system.url, 5 * MIB)
    const startedAtMs = Date.now()
    const url = await new Promise<string>((resolve, reject) => {
      const upload = new Upload(Readable.from(chunksOf(bytes)), {
        endpoint: `${proxy.url}/v1/uploads`,
        uploadSize: bytes.length,
        chunkSize: 16 * MIB,
        headers: alice,
        metadata: { filename: 'large.txt', filetype: 'text/plain', sha256: sha256(bytes) },
        retryDelays: [0, 50, 100, 200, 500, 1_000, 2_000, 2_000, 2_000],
        onError: reject,
        onSuccess: () => resolve(upload.url ?? ''),
      })
      upload.start()
    })
    const path = new URL(url).pathname
    expect(await stored(path)).toMatchObject({ status: 'stored', sha256: sha256(bytes), scan: 'clean' })
    expect(proxy.cuts()).toBeGreaterThanOrEqual(12)
    process.stderr.write(`64 MiB by tus-js-client over ${proxy.cuts()} cuts: ${Date.now() - startedAtMs} ms\n`)
    await proxy.close()
  })

  it('survive a kill -9 of the API at any byte', { timeout: 3_600_000 }, async () => {
    const kills = Number(process.env['UPLOAD_KILLS'] ?? 3)
    const bytes = textBytes(Math.max(4, kills) * MIB, 'killed')
    const path = await begin(bytes.length)
    const startedAtMs = Date.now()
    let base = await system.startApi()
    for (let kill = 0; kill < kills; kill++) {
      const api = system.apis.at(-1)
      const offset = await offsetOf(base, path)
      // Somewhere in what is left, evenly, so that the last kill still finds something to break.
      const target = offset + randomInt(1, Math.max(2, Math.floor(((bytes.length - offset) / (kills - kill)) * 1.5)))
      await sendSome(base, path, offset, bytes, target, () => api?.kill())
      base = await system.startApi()
      const kept = await offsetOf(base, path)
      expect(kept).toBeGreaterThanOrEqual(offset)
    }
    await until(
      async () => {
        const offset = await offsetOf(base, path)
        return (
          (await send(base, 'PATCH', path, { ...alice, ...bytesType, 'upload-offset': String(offset) }, bytes.subarray(offset))).status ===
          204
        )
      },
      { timeoutMs: 30_000 },
    )
    expect(await stored(path)).toMatchObject({ status: 'stored', sha256: sha256(bytes) })
    process.stderr.write(`${kills} kills of the API: whole after ${Date.now() - startedAtMs} ms\n`)
  })

  it('are written by one at a time, whichever API they come to', { timeout: 120_000 }, async () => {
    const [one = '', two = ''] = system.urls
    const bytes = textBytes(3 * MIB, 'raced')
    for (let round = 0; round < 5; round++) {
      const path = await begin(bytes.length)
      let offset = 0
      while (offset < bytes.length) {
        const end = Math.min(bytes.length, offset + randomInt(1, MIB))
        const headers = { ...alice, ...bytesType, 'upload-offset': String(offset) }
        // They bring pieces of different length from the same place: if two counted, offset and hash would tell.
        const answers = await Promise.all(
          [one, two, one, two].map((base, n) => send(base, 'PATCH', path, headers, bytes.subarray(offset, Math.max(offset + 1, end - n)))),
        )
        const winners = answers.filter(({ status }) => status === 204)
        expect(winners.length).toBeLessThanOrEqual(1)
        expect(answers.filter(({ status }) => ![204, 409, 423].includes(status))).toEqual([])
        const now = await offsetOf(one, path)
        if (winners[0]) expect(now).toBe(Number(winners[0].headers['upload-offset']))
        offset = now
      }
      expect(await stored(path)).toMatchObject({ status: 'stored', sha256: sha256(bytes) })
    }
  })

  it('keep what came of a chunk whose sender vanished, and let the next one on at once', async () => {
    const bytes = textBytes(2 * MIB, 'vanished')
    const path = await begin(bytes.length)
    await sendSome(system.url, path, 0, bytes, MIB, () => {})
    await until(async () => (await offsetOf(system.url, path)) > 0)
    const offset = await offsetOf(system.url, path)
    const answer = await send(
      system.url,
      'PATCH',
      path,
      { ...alice, ...bytesType, 'upload-offset': String(offset) },
      bytes.subarray(offset),
    )
    expect(answer.status).toBe(204)
    expect(await stored(path)).toMatchObject({ status: 'stored', sha256: sha256(bytes) })
  })

  it('are finalised once though the worker is killed on the way', { timeout: 300_000 }, async () => {
    for (const worker of system.workers.splice(0)) await worker.kill()
    const bytes = textBytes(300_000, 'stages')
    const path = await begin(bytes.length)
    await send(system.url, 'PATCH', path, { ...alice, ...bytesType, 'upload-offset': '0' }, bytes)
    const id = String(path.split('/').at(-1))
    const startedAtMs = Date.now()
    const killedAfter: string[] = []
    // The scanner holds its answer, so that every stage before it stands still to be killed at; what follows is over in milliseconds, and its crashes are
    // test/domain/uploads/finalise.test.ts's.
    clamd.hold()
    const early = [undefined, ...finaliseStages.slice(0, 3)]
    for (const stage of isLong ? early : early.slice(-1)) {
      const worker = await system.startWorker()
      await untilStage(redis, id, stage)
      await worker.kill()
      killedAfter.push(stage ?? 'claim')
    }
    clamd.release()
    await system.startWorker()
    expect(await stored(path)).toMatchObject({ status: 'stored', sha256: sha256(bytes) })
    expect(await events(path, 'upload.stored')).toHaveLength(1)
    const database = new Client({ connectionString: String(system.env['DATABASE_URL']) })
    await database.connect()
    const { rows } = await database.query('select id from uploads where id = $1', [id])
    await database.end()
    expect(rows).toHaveLength(1)
    const objects = readdirSync(join(folder, 'objects'), { recursive: true }).filter((name) => String(name).endsWith(id))
    expect(objects).toHaveLength(1)
    process.stderr.write(`worker killed after ${killedAfter.join(', ')}: stored once after ${Date.now() - startedAtMs} ms\n`)
  })

  async function offsetOf(base: string, path: string): Promise<number> {
    return Number((await send(base, 'HEAD', path, alice)).headers['upload-offset'])
  }

  /** Sends the body up to `target` and then vanishes, after `and`. */
  async function sendSome(
    base: string,
    path: string,
    offset: number,
    bytes: Buffer,
    target: number,
    and: () => Promise<void> | undefined | void,
  ): Promise<void> {
    const { hostname, port } = new URL(base)
    // A lock that a killed process left lasts for some seconds.
    await until(
      async () => {
        const agent = new Agent()
        const req = request({
          hostname,
          port,
          method: 'PATCH',
          path,
          agent,
          headers: {
            'tus-resumable': '1.0.0',
            ...alice,
            ...bytesType,
            'upload-offset': String(offset),
            'content-length': String(bytes.length - offset),
          },
        })
        let refused = false
        req.on('response', (res) => {
          refused = res.statusCode === 423
          res.resume()
        })
        req.on('error', () => {})
        for (let at = offset; at < target && !refused; at += 65_536) {
          req.write(bytes.subarray(at, Math.min(target, at + 65_536)))
          await wait(1)
        }
        await wait(20)
        if (!refused) await and()
        req.destroy()
        agent.destroy()
        if (refused) await wait(500)
        return !refused
      },
      { timeoutMs: 20_000 },
    )
  }
})

/** The stage is recorded, or (undefined) the finalisation was claimed. */
async function untilStage(redis: Redis, id: string, stage: string | undefined): Promise<void> {
  await until(
    async () => {
      const [status, at] = await redis.hmget(`{p0}:upload:${id}`, 'status', 'stage')
      if (stage === undefined) return status === 'finalising'
      return (
        status === 'stored' ||
        finaliseStages.indexOf(at as (typeof finaliseStages)[number]) >= finaliseStages.indexOf(stage as (typeof finaliseStages)[number])
      )
    },
    { timeoutMs: 40_000 },
  )
}

function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
}

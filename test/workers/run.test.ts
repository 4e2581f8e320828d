// The one consumer: what it makes of jobs that are wrong, of bugs, of time, and of being stopped.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job, Queue } from 'bullmq'
import { RetryLater } from '../../src/errors.ts'
import { createId, readId } from '../../src/lib/ids.ts'
import { findFreePort } from '../../src/lib/ports.ts'
import { startRedis } from '../../src/standins/redis.ts'
import { until } from '../support/infra.ts'
import { createDomain, jobOf } from '../support/domain.ts'
import { allDo, startConsumer, type TestConsumer, type Work } from './harness.ts'

const domain = await createDomain({ partitions: 2 })

function queueOf(id: string): Queue {
  const queue = domain.producer.queues.find(({ name, opts }) => name === 'otp' && opts.prefix === `{p${readId('ver', id)?.partition}}`)
  if (!queue) throw new Error('there is no such queue')
  return queue
}
const newId = () => createId('ver', { partition: Math.round(Math.random()), keyTag: domain.keyring.writingTag, traits: 0 })
const findJob = async (id: string): Promise<Job> => until(() => queueOf(id).getJob(`otp.send.${id}.1`))
const inState = (id: string, state: string) => until(async () => ((await (await findJob(id)).getState()) === state ? findJob(id) : null))

/** What the processors do, by the verification of the job. */
const work = new Map<string, Work>()
async function give(processor: Work): Promise<string> {
  const id = newId()
  work.set(id, processor)
  await domain.producer.add(jobOf(id))
  return id
}

describe('a consumer', () => {
  let started: TestConsumer
  beforeAll(() => {
    const told: Work = (deps, payload, run) =>
      (work.get(payload.verificationId) ?? (async () => ({ outcome: 'nothing' })))(deps, payload, run)
    started = startConsumer(domain, { processors: allDo(told) })
  })

  it('keeps of a job that went well a word', async () => {
    const id = await give(async () => ({ outcome: 'accepted', requestId: 'r-1' }))
    expect((await inState(id, 'completed')).returnvalue).toBe('accepted')
    expect(started.runs).toContain('otp otp.send accepted')
  })

  it.each([
    ['a payload that does not parse', 'otp.send', { verificationId: 'ver_x', attempt: 1 }, 'invalid_payload'],
    ['a payload with more than it should have', 'otp.send', { verificationId: newId(), attempt: 1, code: '123456' }, 'invalid_payload'],
    ['a job that nobody knows', 'otp.unsend', {}, 'unknown_job'],
  ])('fails %s for good', async (_what, name, data, reason) => {
    const queue = domain.producer.queues[0]
    const job = await queue?.add(name, data, { attempts: 50, jobId: `odd-${Math.random()}` })
    const failed = await until(async () => ((await job?.getState()) === 'failed' ? queue?.getJob(job?.id ?? '') : null))
    expect(failed).toMatchObject({ failedReason: reason, attemptsMade: 1 })
  })

  it('runs a job again when its processor asks, and not before', async () => {
    const id = await give(async () => {
      throw new RetryLater('twilio_20429', 40_000)
    })
    const job = await inState(id, 'delayed')
    expect(job.delay).toBe(40_000)
    expect(job.failedReason).toBe('twilio_20429')
    let tries = 0
    work.set(id, async (_deps, _payload, run) => {
      tries = run.tries
      return { outcome: 'accepted' }
    })
    await job.promote()
    await inState(id, 'completed')
    expect(tries).toBe(2)
  })

  it('tells each run of the same job from the one before', async () => {
    const fences: { jobMs: number; starts: number }[] = []
    const id = await give(async (_deps, _payload, run) => {
      fences.push(run.fence)
      throw new RetryLater('again', 60_000)
    })
    for (let runs = 1; runs <= 3; runs++) {
      const job = await inState(id, 'delayed')
      await until(() => fences.length === runs)
      await job.promote()
    }
    await until(() => fences.length === 4)
    expect(fences.map(({ starts }) => starts)).toEqual([1, 2, 3, 4])
    expect(new Set(fences.map(({ jobMs }) => jobMs)).size).toBe(1)
  })

  it('tries a bug eight times, then gives up, and keeps nothing of what it said', async () => {
    let runs = 0
    const id = await give(async () => {
      runs++
      throw new Error('cannot send 123456 to +14155552671')
    })
    for (let tries = 1; tries < 8; tries++) {
      await until(async () => runs === tries && (await (await findJob(id)).getState()) === 'delayed')
      expect((await findJob(id)).delay).toBeLessThanOrEqual(30_000)
      await (await findJob(id)).promote()
    }
    const job = await inState(id, 'failed')
    expect(runs).toBe(8)
    expect(job.failedReason).toBe('internal')
    expect(job.stacktrace ?? []).toEqual([])
    expect(JSON.stringify([job, started.lines])).not.toMatch(/4155552671|123456/)
  })

  it('aborts a run whose lock is lost, through the signal it hands on', async () => {
    const { promise, resolve } = Promise.withResolvers<AbortSignal>()
    const id = await give(async (_deps, _payload, run) => {
      resolve(run.signal)
      await until(() => run.signal.aborted)
      throw new RetryLater('aborted', 60_000)
    })
    const signal = await promise
    expect(signal.aborted).toBe(false)
    expect(await domain.redis.del(`${queueOf(id).opts.prefix}:otp:otp.send.${id}.1:lock`)).toBe(1)
    await until(() => signal.aborted, { timeoutMs: 12_000 })
  })

  it('takes jobs of every partition', async () => {
    const seen = new Set<number>()
    for (let at = 0; at < 20; at++) {
      const id = await give(async (_deps, { verificationId }) => {
        seen.add(readId('ver', verificationId)?.partition ?? -1)
        return { outcome: 'accepted' }
      })
      await inState(id, 'completed')
    }
    expect(seen).toEqual(new Set([0, 1]))
  })
})

describe('stopping', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-stop-'))
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }))
  const timed = async (stop: Promise<void>): Promise<number> => {
    const startedAt = performance.now()
    await stop
    return performance.now() - startedAt
  }

  it('waits for what runs', async () => {
    const own = await createDomain()
    let isDone = false
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
    const { promise: end, resolve: finish } = Promise.withResolvers<void>()
    const { consumer } = startConsumer(own, {
      processors: allDo(async () => {
        begin()
        await end
        isDone = true
        return { outcome: 'accepted' }
      }),
    })
    await own.start()
    await begun
    expect(consumer.running).toBe(1)
    const stopping = consumer.close(10_000)
    finish()
    await stopping
    expect(isDone).toBe(true)
    expect(consumer.running).toBe(0)
  })

  it('aborts what runs too long, and leaves it to another worker', async () => {
    const own = await createDomain()
    const { promise: begun, resolve: begin } = Promise.withResolvers<AbortSignal>()
    const { consumer } = startConsumer(own, {
      processors: allDo(async (_deps, _payload, { signal }) => {
        begin(signal)
        await until(() => signal.aborted)
        throw new RetryLater('aborted', 0)
      }),
    })
    const { verification } = await own.start()
    const signal = await begun
    expect(await timed(consumer.close(50))).toBeLessThan(1_500)
    expect(signal.aborted).toBe(true)
    startConsumer(own)
    await until(async () => (await own.producer.queues[0]?.getJob(`otp.send.${verification.id}.1`))?.returnvalue === 'accepted')
  })

  it('is bounded also when Redis is away', { timeout: 20_000 }, async () => {
    const redis = await startRedis({ dataDir, port: await findFreePort(), password: 'only-for-this-test' })
    const own = await createDomain({ redisUrl: redis.url })
    const { consumer } = startConsumer(own)
    await own.start()
    await until(() => own.standins.outbox.list().length === 1)
    await redis.kill()
    expect(await timed(consumer.close(300))).toBeLessThan(2_000)
  })
})

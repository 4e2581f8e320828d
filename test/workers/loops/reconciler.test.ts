// The reconciler: whatever a crash left between a committed start and its job is made good, once, by one process at a time.
import { describe, expect, it } from 'vitest'
import type { UpkeepStore } from '../../../src/domain/ports.ts'
import { getVerification, listAttempts } from '../../../src/domain/verification/read.ts'
import { startVerification } from '../../../src/domain/verification/start.ts'
import { createLog } from '../../../src/log.ts'
import { reconcile, startReconciler, type ReconcilerDeps } from '../../../src/workers/loops/reconciler.ts'
import { until } from '../../support/infra.ts'
import { createDomain, jobOf, newPhone, someone, type TestDomain } from '../../support/domain.ts'
import { allDo, startConsumer } from '../harness.ts'

const depsOf = (domain: TestDomain, replace: Partial<ReconcilerDeps> = {}): ReconcilerDeps => ({
  upkeep: domain.upkeep,
  uploads: { abandon: async () => {} },
  documents: { abandonStage: async () => {} },
  jobs: domain.producer,
  clock: domain.clock,
  telemetry: domain.telemetry,
  log: createLog('test', 'silent'),
  partitions: domain.accept.policy.partitions,
  owner: 'worker-1',
  ...replace,
})

/** A start whose process died before the job was on its queue. */
async function startWithoutJob(domain: TestDomain): Promise<string> {
  const accept = { ...domain.accept, enqueue: () => Promise.reject(new Error('crashed')) }
  const request = { channel: 'sms', to: newPhone(), method: 'code', locale: 'en' } as const
  return (await startVerification(accept, someone, request, { requestId: 'r' })).verification.id
}

describe('an intent', () => {
  it('without a job gets its job, two seconds after the start and not before', async () => {
    const domain = await createDomain()
    const id = await startWithoutJob(domain)
    domain.clock.advance(1_999)
    await reconcile(depsOf(domain), 0)
    expect(await domain.producer.presence(jobOf(id))).toBe('missing')
    domain.clock.advance(1)
    await reconcile(depsOf(domain), 0)
    expect(await domain.producer.presence(jobOf(id))).toBe('pending')
    expect(domain.telemetry.events).toContain('repaired.job_missing')
    startConsumer(domain)
    await until(async () => (await getVerification(domain.accept, someone, id)).status === 'sent')
  })

  it('whose queue was lost gets its job again, and the message is sent once', async () => {
    const domain = await createDomain()
    const ids = await Promise.all(Array.from({ length: 20 }, async () => (await domain.start()).verification.id))
    await Promise.all(domain.producer.queues.map((queue) => queue.obliterate({ force: true })))
    domain.clock.advance(2_000)
    await reconcile(depsOf(domain), 0)
    startConsumer(domain)
    await until(async () =>
      (await Promise.all(ids.map((id) => getVerification(domain.accept, someone, id)))).every(({ status }) => status === 'sent'),
    )
    expect(domain.standins.outbox.list()).toHaveLength(20)
  })

  it('whose job is on its way is left alone and looked at again', async () => {
    const domain = await createDomain()
    const { verification } = await domain.start()
    for (let pass = 0; pass < 3; pass++) {
      domain.clock.advance(10_000)
      await reconcile(depsOf(domain), 0)
    }
    expect(domain.telemetry.events.filter((event) => event.startsWith('repaired'))).toEqual([])
    expect(Number(await domain.redis.zscore('{p0}:intents', `otp.send.${verification.id}.1`))).toBe(domain.clock.nowMs() + 10_000)
  })

  it('whose job ended without settling it is settled: the verification fails instead of hanging', async () => {
    const domain = await createDomain()
    const { verification } = await domain.start()
    startConsumer(domain, { processors: allDo(async () => ({ outcome: 'forgot' })) })
    await until(async () => (await domain.producer.presence(jobOf(verification.id))) === 'ended')
    domain.clock.advance(2_000)
    await reconcile(depsOf(domain), 0)
    const { nodes } = await listAttempts(domain.accept, someone, verification.id)
    expect(nodes).toMatchObject([{ status: 'rejected', reason: 'job_failed' }])
    expect((await getVerification(domain.accept, someone, verification.id)).status).toBe('failed')
    expect(await domain.redis.zcard('{p0}:intents')).toBe(0)
    expect(await domain.redis.hlen('{p0}:intents:jobs')).toBe(0)
  })

  it('of a verification that is gone goes too', async () => {
    const domain = await createDomain()
    const { verification } = await domain.start()
    await domain.redis.del(`{p0}:ver:${verification.id}`)
    startConsumer(domain)
    await until(async () => (await domain.producer.presence(jobOf(verification.id))) === 'ended')
    domain.clock.advance(2_000)
    await reconcile(depsOf(domain), 0)
    expect(await domain.redis.zcard('{p0}:intents')).toBe(0)
  })
})

describe('intents that cannot be inspected', () => {
  it('do not keep the others from it, however many they are', async () => {
    const domain = await createDomain()
    const stuck = new Set(await Promise.all(Array.from({ length: 210 }, () => startWithoutJob(domain))))
    domain.clock.advance(1_000)
    const good = await startWithoutJob(domain)
    domain.clock.advance(2_000)
    const jobs = {
      add: (job: Parameters<ReconcilerDeps['jobs']['add']>[0]) => domain.producer.add(job),
      presence: (job: Parameters<ReconcilerDeps['jobs']['presence']>[0]) =>
        'verificationId' in job.payload && stuck.has(job.payload.verificationId)
          ? Promise.reject(new Error('broken'))
          : domain.producer.presence(job),
    }
    for (let pass = 0; pass < 2; pass++) await reconcile(depsOf(domain, { jobs }), 0)
    expect(await domain.producer.presence(jobOf(good))).toBe('pending')
    expect(await domain.redis.zcard('{p0}:intents')).toBe(211)
  })

  it('because another version wrote them are kept for it, and do not either', async () => {
    const domain = await createDomain()
    const nowMs = domain.clock.nowMs()
    for (let at = 0; at < 210; at++) {
      await domain.redis.zadd('{p0}:intents', nowMs - 5_000, `future.job.${at}`)
      if (at % 2 === 0)
        await domain.redis.hset('{p0}:intents:jobs', `future.job.${at}`, JSON.stringify({ name: 'future.job', payload: { v: 2 } }))
    }
    const good = await startWithoutJob(domain)
    domain.clock.advance(2_000)
    for (let pass = 0; pass < 2; pass++) await reconcile(depsOf(domain), 0)
    expect(await domain.producer.presence(jobOf(good))).toBe('pending')
    expect(await domain.redis.zcard('{p0}:intents')).toBe(211)
  })
})

describe('expiry', () => {
  it('ends what is past its time, more than a batch in one pass', async () => {
    const domain = await createDomain()
    const ids = await Promise.all(Array.from({ length: 450 }, async () => (await domain.start()).verification.id))
    domain.clock.advance(600_000)
    await reconcile(depsOf(domain), 0)
    const statuses = await Promise.all(ids.map((id) => domain.redis.hget(`{p0}:ver:${id}`, 'status')))
    expect(new Set(statuses)).toEqual(new Set(['expired']))
    expect(await domain.redis.zcard('{p0}:due')).toBe(0)
    expect(domain.telemetry.events.filter((event) => event === 'repaired.expired')).toHaveLength(450)
  })
})

describe('the lease', () => {
  it('is one process at a time, and passes on when its holder is gone', async () => {
    const domain = await createDomain()
    const hold = (owner: string, leaseMs = 60_000) => domain.upkeep.holdLease('reconciler', owner, leaseMs)
    const tries = await Promise.all(Array.from({ length: 10 }, (_, at) => hold(`worker-${at}`)))
    expect(tries.filter(Boolean)).toHaveLength(1)
    const holder = `worker-${tries.indexOf(true)}`
    expect(await hold('another')).toBe(false)
    expect(await hold(holder, 1)).toBe(true)
    await until(() => hold('another'))
    expect(await hold(holder)).toBe(false)
  })

  it('lets one of two reconcilers work', async () => {
    const domain = await createDomain({ partitions: 4 })
    const looks: string[] = []
    const counting = (owner: string): UpkeepStore => ({
      ...domain.upkeep,
      dueIntents: (partition, ...rest) => {
        looks.push(`${owner} ${partition}`)
        return domain.upkeep.dueIntents(partition, ...rest)
      },
    })
    const owners = ['worker-1', 'worker-2']
    const loops = owners.map((owner) => startReconciler(depsOf(domain, { owner, upkeep: counting(owner) })))
    await until(() => looks.length >= 4)
    await Promise.all(loops.map((loop) => loop.close()))
    const leader = looks[0]?.split(' ')[0]
    expect(looks).toEqual([0, 1, 2, 3].map((partition) => `${leader} ${partition}`))
  })

  it('is left to another time when Redis is away', async () => {
    const domain = await createDomain()
    let tries = 0
    const upkeep: UpkeepStore = { ...domain.upkeep, holdLease: () => Promise.reject(new Error(`away ${++tries}`)) }
    const loop = startReconciler(depsOf(domain, { upkeep }))
    await until(() => tries === 1)
    await loop.close()
  })
})

// The one producer: jobs under our own ids, on the queue and in the partition that their contract says.
import { describe, expect, it } from 'vitest'
import { createVerificationId } from '../../src/domain/verification/id.ts'
import { JobProducer } from '../../src/queues/bullmq.ts'
import { queueNames } from '../../src/queues/registry.ts'
import { closeRedis, openRedis } from '../../src/stores/redis/connections.ts'
import { partitionTag } from '../../src/stores/redis/keys.ts'
import { createDomain, jobOf } from '../support/domain.ts'

const domain = await createDomain({ partitions: 3 })
const { producer } = domain
const newId = (partition = 0) => createVerificationId({ partition, keyTag: 1, purpose: 'two_factor', digits: 6 })
const queueOf = (name: string, partition: number) =>
  producer.queues.find((queue) => queue.name === name && queue.opts.prefix === `{p${partition}}`)

describe('a job', () => {
  it.each([
    ['otp.send', 'otp'],
    ['email-code.send', 'mail'],
    ['email-link.send', 'mail'],
  ] as const)('%s goes to the queue %s of its own partition', async (name, queue) => {
    for (const partition of [0, 1, 2]) {
      const id = newId(partition)
      await producer.add(jobOf(id, 2, name))
      const job = await queueOf(queue, partition)?.getJob(`${name}.${id}.2`)
      expect(job).toMatchObject({ name, data: { verificationId: id, attempt: 2 } })
    }
  })

  it('added again is the same job', async () => {
    const id = newId()
    await Promise.all(Array.from({ length: 10 }, () => producer.add(jobOf(id))))
    const first = await queueOf('otp', 0)?.getJob(`otp.send.${id}.1`)
    await producer.add(jobOf(id))
    expect((await queueOf('otp', 0)?.getJob(`otp.send.${id}.1`))?.timestamp).toBe(first?.timestamp)
    expect((await queueOf('otp', 0)?.getWaiting())?.filter((job) => job.data.verificationId === id)).toHaveLength(1)
  })

  it('is pending, ended or missing', async () => {
    const id = newId()
    expect(await producer.presence(jobOf(id))).toBe('missing')
    await producer.add(jobOf(id))
    expect(await producer.presence(jobOf(id))).toBe('pending')
    await producer.forget(jobOf(id))
    expect(await producer.presence(jobOf(id))).toBe('missing')
  })

  it.each([
    ['an id that is none', { verificationId: 'ver_x', attempt: 1 }],
    ['attempt nought', { verificationId: newId(), attempt: 0 }],
    ['half an attempt', { verificationId: newId(), attempt: 1.5 }],
    ['more than it should have', { verificationId: newId(), attempt: 1, code: '123456' }],
  ])('with %s is not put on a queue', async (_what, payload) => {
    await expect(producer.add({ name: 'otp.send', payload })).rejects.toThrow()
  })

  it('of a partition that is not there is refused', async () => {
    await expect(producer.add(jobOf(newId(3)))).rejects.toThrow(RangeError)
  })
})

it('without its Redis says so as everything else does', async () => {
  const away = openRedis('redis://127.0.0.1:1', 'impatient', 'test', () => {})
  const own = new JobProducer(away, 1, partitionTag)
  const asked = [own.add(jobOf(newId())), own.presence(jobOf(newId())), own.forget(jobOf(newId()))]
  for (const answer of asked) await expect(answer).rejects.toMatchObject({ code: 'service_degraded' })
  await own.close()
  closeRedis(away)
})

describe('the depths of the queues', () => {
  it('show each queue of each partition, and how long the oldest job has waited', async () => {
    const own = await createDomain({ partitions: 2 })
    const before = Date.now()
    await own.producer.add(jobOf(newId(1)))
    const depths = await own.producer.depths()
    expect(depths.map(({ queue, partition }) => `${queue}.${partition}`).toSorted()).toEqual(
      queueNames.flatMap((name) => [`${name}.0`, `${name}.1`]).toSorted(),
    )
    const filled = depths.find(({ queue, partition }) => queue === 'otp' && partition === 1)
    expect(filled?.counts).toMatchObject({ waiting: 1, active: 0, delayed: 0, failed: 0 })
    expect(filled?.oldestWaitingMs).toBeGreaterThanOrEqual(0)
    expect(filled?.oldestWaitingMs).toBeLessThanOrEqual(Date.now() - before + 1)
    expect(depths.find(({ queue }) => queue === 'mail')?.oldestWaitingMs).toBe(0)
  })
})

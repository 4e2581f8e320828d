// Workers' metrics in Redis: what the living ones said last.
import { describe, expect, it } from 'vitest'
import { createWorkerMetricsStore } from '../../../src/stores/redis/worker-metrics.ts'
import { createDomain } from '../../support/domain.ts'

describe("workers' metrics", () => {
  it('are what each living worker said last', async () => {
    const domain = await createDomain()
    const store = createWorkerMetricsStore(domain.runner)
    const nowMs = Date.now()
    expect(await store.read(nowMs)).toEqual([])
    await store.publish('worker-1', 'old', nowMs)
    await store.publish('worker-1', 'new', nowMs)
    await store.publish('worker-2', 'other', nowMs)
    expect((await store.read(nowMs)).toSorted()).toEqual(['new', 'other'])
  })

  it('of a worker that has gone are forgotten', async () => {
    const domain = await createDomain()
    const store = createWorkerMetricsStore(domain.runner)
    const nowMs = Date.now()
    await store.publish('gone', 'x', nowMs)
    await store.publish('here', 'y', nowMs + 20_000)
    expect(await store.read(nowMs + 20_000)).toEqual(['y'])
    expect(await domain.redis.zrange('{p0}:metrics', '0', '-1')).toEqual(['here'])
  })
})

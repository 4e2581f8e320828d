// The cleanup job: everything that is over goes, in batches, once for each minute and partition.
import { beforeAll, expect, it } from 'vitest'
import { cleanUpState } from '../../src/domain/state-cleanup.ts'
import { createId } from '../../src/lib/ids.ts'
import { JobProducer } from '../../src/queues/bullmq.ts'
import { partitionTag } from '../../src/stores/redis/keys.ts'
import { scheduleSlot, slotAt } from '../../src/workers/loops/scheduler.ts'
import { createTestRedis } from '../support/infra.ts'
import { createOperations, trace, type TestOperations } from '../support/operations.ts'

let deps: TestOperations
beforeAll(async () => {
  deps = createOperations(await createTestRedis())
})

it('removes everything that is over and says how much of what', async () => {
  const expiresAtMs = deps.time.nowMs + 1_000
  const make = (kind: string, until: number) =>
    deps.states.create(
      { kind, id: createId('thg', { partition: 0, keyTag: 0, traits: 0 }), expiresAtMs: until, facts: {}, sealed: 's', indexes: ['all'] },
      trace,
      deps.time.nowMs,
    )
  await Promise.all([
    ...Array.from({ length: 1_100 }, () => make('form', expiresAtMs)),
    ...Array.from({ length: 10 }, () => make('wizard', expiresAtMs)),
    make('form', expiresAtMs + 5_000),
  ])
  deps.time.nowMs = expiresAtMs
  const counted = new Map<string, number>()
  const meters = { stateRemoved: (kind: string, count: number) => void counted.set(kind, (counted.get(kind) ?? 0) + count) }
  expect(await cleanUpState({ ...deps, meters }, 0, new AbortController().signal)).toBe(1_110)
  expect(Object.fromEntries(counted)).toEqual({ form: 1_100, wizard: 10 })
  expect(await cleanUpState({ ...deps, meters }, 0, new AbortController().signal)).toBe(0)
  expect(await deps.redis.zcard('{p0}:index:form:all')).toBe(1)
})

it('stops when it is asked to', async () => {
  expect(await cleanUpState({ ...deps, meters: { stateRemoved: () => {} } }, 0, AbortSignal.abort())).toBe(0)
})

it('is one job for each partition and minute, however many schedulers there are', async () => {
  const producers = [1, 2, 3].map(() => new JobProducer(deps.redis, 2, partitionTag))
  const slot = slotAt(Date.now())
  await Promise.all(producers.map((producer) => scheduleSlot({ add: (job) => producer.add(job), partitions: 2 }, slot)))
  const maintenance = producers[0]?.queues.filter(({ name }) => name === 'maintenance') ?? []
  const waiting = await Promise.all(maintenance.map((queue) => queue.getJobs(['waiting'])))
  const ids = waiting.map((jobs) => jobs.filter(({ name }) => name === 'state.cleanup').map(({ id }) => id))
  expect(ids).toEqual([[`state.cleanup.0.${slot}`], [`state.cleanup.1.${slot}`]])
  await Promise.all(producers.map((producer) => producer.close()))
})

// The job that makes an envelope ready, on a real queue: it comes also when nobody queued it, and a run too many does no harm.
import { beforeAll, describe, expect, it } from 'vitest'
import { SECOND_MS } from '../../src/lib/durations.ts'
import type { WorkerDeps } from '../../src/workers/processor.ts'
import { queueOwed } from '../../src/workers/loops/owed.ts'
import { createTestEnvelopes, type TestEnvelopes } from '../support/envelopes.ts'
import { until } from '../support/infra.ts'
import { startConsumer } from './harness.ts'

let kit: TestEnvelopes
let runs: string[]
beforeAll(async () => {
  kit = await createTestEnvelopes()
  runs = startConsumer(kit.domain, { queues: ['envelopes'], deps: kit.work as WorkerDeps }).runs
})

const owedAfter = (waitMs: number) =>
  queueOwed({
    owed: (limit, nowMs, againMs) => kit.deps.envelopes.owed(limit, nowMs, againMs),
    jobs: kit.domain.producer,
    clock: { nowMs: () => Date.now() + waitMs },
  })

describe('envelope.prepare', () => {
  it('is found by what is owed when it never came to the queue, and asks the signers once', async () => {
    const { id } = await kit.send()
    expect(await owedAfter(0)).toBe(0)
    expect(await owedAfter(6 * SECOND_MS)).toBe(1)
    await until(async () => (await kit.read(id)).preparedAtMs)
    expect((await kit.deps.notices.ofEnvelope(id)).map(({ kind }) => kind)).toEqual(['signature_request', 'signature_request'])
    expect(await owedAfter(60 * SECOND_MS)).toBe(0)
  })

  it('that fails by a fault of ours is tried again, and a run too many finds nothing to do', async () => {
    const { id } = await kit.send()
    const job = { name: 'envelope.prepare', payload: { envelopeId: id } } as const
    const { read } = kit.work.envelopes
    kit.work.envelopes.read = () => Promise.reject(new TypeError('a bug'))
    await kit.domain.producer.add(job)
    await until(() => runs.includes('envelopes envelope.prepare failed'))
    kit.work.envelopes.read = read
    await until(async () => (await kit.read(id)).preparedAtMs, { timeoutMs: 20_000 })
    await until(async () => (await kit.domain.producer.presence(job)) === 'ended')
    await kit.domain.producer.forget(job)
    await kit.domain.producer.add(job)
    await until(() => runs.includes('envelopes envelope.prepare done_before'))
    expect((await kit.acts(id)).filter(({ type }) => type === 'envelope.prepared')).toHaveLength(1)
  })
})

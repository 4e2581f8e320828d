// The end of an envelope's time, on a real queue: its job comes when it is due, without anybody's having queued it.
import { beforeAll, describe, expect, it } from 'vitest'
import { HOUR_MS, SECOND_MS } from '../../src/lib/durations.ts'
import { queueOwed } from '../../src/workers/loops/owed.ts'
import type { WorkerDeps } from '../../src/workers/processor.ts'
import { createTestEnvelopes, type TestEnvelopes } from '../support/envelopes.ts'
import { until } from '../support/infra.ts'
import { startConsumer } from './harness.ts'

let kit: TestEnvelopes
let runs: string[]
beforeAll(async () => {
  kit = await createTestEnvelopes()
  runs = startConsumer(kit.domain, { queues: ['envelopes'], deps: kit.work as WorkerDeps }).runs
})

const look = () =>
  queueOwed({
    owed: (limit, nowMs, againMs) => kit.deps.envelopes.owed(limit, nowMs, againMs),
    jobs: kit.domain.producer,
    clock: kit.clock,
  })

describe('envelope.expire', () => {
  it('comes when the time is over, not before, and ends the envelope once', async () => {
    const { id } = await kit.ready({ expiresIn: 3_600 })
    expect(await look()).toBe(0)
    kit.clock.advance(HOUR_MS)
    expect(await look()).toBe(1)
    await until(async () => (await kit.read(id)).status === 'expired')
    kit.clock.advance(HOUR_MS)
    expect(await look()).toBe(0)
    expect((await kit.acts(id)).filter(({ type }) => type === 'envelope.expired')).toHaveLength(1)
  })

  it('that came too early or after a signature changes nothing', async () => {
    const early = await kit.ready({ expiresIn: 3_600 })
    await kit.domain.producer.add({ name: 'envelope.expire', payload: { envelopeId: early.id } })
    await until(() => runs.includes('envelopes envelope.expire early'))
    expect((await kit.read(early.id)).status).toBe('sent')
    // The loop forgets the job that ended early and adds it again when it is due.
    kit.clock.advance(HOUR_MS + SECOND_MS)
    await look()
    await until(async () => (await kit.read(early.id)).status === 'expired')
    const signed = await kit.ready({ signers: [{ name: 'Ada', email: 'ada.early@example.com' }] })
    await kit.signer(signed.id, 1).all()
    expect(await kit.expire(signed.id)).toBe('done_before')
  })
})

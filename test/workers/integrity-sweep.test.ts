// The job that sweeps what is kept: once an hour, again after a failure, and never twice.
import { expect, it } from 'vitest'
import { RetryLater } from '../../src/errors.ts'
import { processIntegritySweep } from '../../src/workers/integrity-sweep.ts'
import { scheduleSlot } from '../../src/workers/loops/scheduler.ts'
import type { WorkerDeps } from '../../src/workers/processor.ts'
import type { JobRequest } from '../../src/domain/ports.ts'
import { replacing } from '../support/domain.ts'
import { createTestEvidence } from '../support/evidence.ts'

const runOf = (starts: number) => ({
  fence: { jobMs: 1, starts },
  tries: starts,
  backoff: { firstMs: 1, maxMs: 1 },
  signal: new AbortController().signal,
})

it('waits while storage is away, sweeps once it is back, and has nothing to do in the same hour', async () => {
  const t = await createTestEvidence()
  await t.document()
  const deps = t.sweeping as unknown as WorkerDeps
  const blobs = replacing(t.sweeping.blobs, { sizeOf: () => Promise.reject(new Error('away')) })
  await expect(processIntegritySweep({ ...deps, blobs }, { slot: 5 }, runOf(1))).rejects.toThrow(RetryLater)
  expect(await processIntegritySweep(deps, { slot: 5 }, runOf(2))).toEqual({ outcome: 'swept' })
  expect(await processIntegritySweep(deps, { slot: 5 }, runOf(3))).toEqual({ outcome: 'ended' })
  expect(await processIntegritySweep(deps, { slot: 6 }, runOf(1))).toEqual({ outcome: 'swept' })
})

it('gives its place back when the worker stops', async () => {
  const t = await createTestEvidence()
  await t.document()
  const run = { ...runOf(1), signal: AbortSignal.abort() }
  await expect(processIntegritySweep(t.sweeping as unknown as WorkerDeps, { slot: 5 }, run)).rejects.toThrow(new RetryLater('aborted', 0))
})

it('is added each minute under the name of its hour, with the sweep of retention', async () => {
  const added: JobRequest[] = []
  const add = async (job: JobRequest): Promise<void> => void added.push(job)
  for (const slot of [60, 119, 120]) await scheduleSlot({ add, partitions: 1 }, slot)
  const hourly = added.filter(({ name }) => name === 'integrity.sweep' || name === 'retention.sweep')
  expect(hourly.map(({ name, payload }) => `${name} ${'slot' in payload ? payload.slot : ''}`)).toEqual([
    'integrity.sweep 1',
    'retention.sweep 1',
    'integrity.sweep 1',
    'retention.sweep 1',
    'integrity.sweep 2',
    'retention.sweep 2',
  ])
})

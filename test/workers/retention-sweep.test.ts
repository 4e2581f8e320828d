// The job that removes what is past its time: what it says, on the second run, and when something fails.
import { expect, it } from 'vitest'
import { retentionSweep } from '../../src/queues/jobs/retention-sweep.ts'
import type { WorkerDeps } from '../../src/workers/processor.ts'
import { processRetentionSweep } from '../../src/workers/retention-sweep.ts'
import { replacing } from '../support/domain.ts'
import { createExaminationCache } from '../../src/stores/postgres/checks.ts'
import { createTestEvidence } from '../support/evidence.ts'

const run = { fence: { jobMs: 1, starts: 1 }, tries: 1, backoff: retentionSweep.backoff, signal: new AbortController().signal }

it('removes once, tells what failed, and comes again', async () => {
  const t = await createTestEvidence()
  await t.complete({}, { retention: 'transient' })
  const examinations = createExaminationCache(t.pool)
  const sweep = (deps: object = t.sweeping) => processRetentionSweep({ examinations, ...deps } as WorkerDeps, { slot: 1 }, run)
  await examinations.write('old', { state: 'whole' }, t.clock.nowMs() - 80 * 86_400_000)
  await examinations.write('young', { state: 'whole' }, t.clock.nowMs())
  expect(await sweep()).toEqual({ outcome: 'nothing' })
  t.clock.advance(31 * 86_400_000)
  const blobs = replacing(t.sweeping.blobs, { remove: () => Promise.reject(new Error('EIO')) })
  expect(await sweep({ ...t.sweeping, blobs })).toEqual({ outcome: 'partial' })
  expect(t.told).toEqual(['purge: EIO'])
  expect(await sweep()).toEqual({ outcome: 'purged' })
  expect([await examinations.read('old'), await examinations.read('young')]).toEqual([null, { state: 'whole' }])
  expect(await sweep()).toEqual({ outcome: 'nothing' })
})

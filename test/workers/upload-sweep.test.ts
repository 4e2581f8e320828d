// The job that sweeps uploads, and what it tells the meters.
import { expect, it } from 'vitest'
import type { WorkerDeps } from '../../src/workers/processor.ts'
import { processUploadSweep } from '../../src/workers/upload-sweep.ts'
import { createTestUploads } from '../support/uploads.ts'

it('says what it ended, and once an hour what nobody owns', async () => {
  const t = await createTestUploads()
  const told: unknown[] = []
  const uploadMeters = {
    uploadsSwept: (...counts: number[]) => void told.push(['swept', ...counts]),
    orphansSeen: (...counts: number[]) => void told.push(['orphans', ...counts]),
  }
  const deps = { ...t.work, uploadMeters } as unknown as WorkerDeps
  const run = { fence: { jobMs: 1, starts: 1 }, tries: 1, backoff: { firstMs: 1, maxMs: 1 }, signal: new AbortController().signal }
  await t.begin(10)
  t.clock.advance(3 * 3_600_000)
  expect(await processUploadSweep(deps, { partition: 0, slot: 61 }, run)).toEqual({ outcome: 'swept' })
  expect(await processUploadSweep(deps, { partition: 0, slot: 120 }, run)).toEqual({ outcome: 'nothing' })
  expect(told).toEqual([
    ['swept', 1, 0],
    ['swept', 0, 0],
    ['orphans', 0, 0],
  ])
})

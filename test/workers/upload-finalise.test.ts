// The job that finalises an upload: found again by the reconciler when its enqueueing was lost, done by a consumer, and given up in the open.
import { beforeAll, describe, expect, it } from 'vitest'
import { createLog } from '../../src/log.ts'
import { JobProducer } from '../../src/queues/bullmq.ts'
import { keysOf, partitionTag } from '../../src/stores/redis/keys.ts'
import { ScriptRunner } from '../../src/stores/redis/run-script.ts'
import { createUpkeepStore } from '../../src/stores/redis/upkeep.ts'
import { reconcile, type ReconcilerDeps } from '../../src/workers/loops/reconciler.ts'
import { processUploadFinalise } from '../../src/workers/upload-finalise.ts'
import type { WorkerDeps } from '../../src/workers/processor.ts'
import { textBytes } from '../support/upload-client.ts'
import { createTestUploads, type TestUploads } from '../support/uploads.ts'

let t: TestUploads
let jobs: JobProducer
let deps: ReconcilerDeps
beforeAll(async () => {
  t = await createTestUploads()
  jobs = new JobProducer(t.redis, 1, partitionTag)
  const upkeep = createUpkeepStore(new ScriptRunner(t.redis, 5_000))
  deps = {
    upkeep,
    uploads: t.work.uploads,
    jobs,
    clock: t.clock,
    telemetry: { repaired: () => {} },
    log: createLog('test', 'silent'),
    partitions: 1,
    owner: 'test',
    ...({} as Pick<ReconcilerDeps, 'documents'>),
  }
})

describe('a finalisation', () => {
  it('whose job was never queued is queued by the reconciler, once', async () => {
    const id = await t.upload(textBytes(10))
    const job = { name: 'upload.finalise', payload: { uploadId: id } } as const
    expect(await jobs.presence(job)).toBe('missing')
    await reconcile(deps, 0)
    expect(await jobs.presence(job)).toBe('missing')
    t.clock.advance(3_000)
    await reconcile(deps, 0)
    expect(await jobs.presence(job)).toBe('pending')
  })

  it('whose job ended without settling it fails', async () => {
    const id = await t.upload(textBytes(10))
    t.clock.advance(3_000)
    await reconcile({ ...deps, jobs: { add: async () => {}, presence: async () => 'ended' } }, 0)
    expect(await t.session(id)).toMatchObject({ status: 'failed', reason: 'internal' })
    expect(await t.redis.zscore(keysOf(0).intents, `upload.finalise.${id}`)).toBeNull()
  })

  it('is done by its processor', async () => {
    const id = await t.upload(textBytes(10))
    const run = { fence: { jobMs: 5, starts: 1 }, tries: 1, backoff: { firstMs: 1, maxMs: 1 }, signal: new AbortController().signal }
    expect(await processUploadFinalise(t.work as WorkerDeps, { uploadId: id }, run)).toMatchObject({ outcome: 'stored' })
  })
})

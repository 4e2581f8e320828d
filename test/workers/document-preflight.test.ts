// The stage before all others: what it lets through begins the rest, what it refuses ends the document, and what was lost on the way is found again.
import { beforeAll, describe, expect, it } from 'vitest'
import { createLog } from '../../src/log.ts'
import { JobProducer } from '../../src/queues/bullmq.ts'
import { keysOf, partitionTag } from '../../src/stores/redis/keys.ts'
import { ScriptRunner } from '../../src/stores/redis/run-script.ts'
import { createUpkeepStore } from '../../src/stores/redis/upkeep.ts'
import { reconcile, type ReconcilerDeps } from '../../src/workers/loops/reconciler.ts'
import { createDocumentDomain, type DocumentDomain } from '../support/document-domain.ts'

let t: DocumentDomain
let jobs: JobProducer
let reconciler: ReconcilerDeps
beforeAll(async () => {
  t = await createDocumentDomain()
  jobs = new JobProducer(t.redis, 1, partitionTag)
  const upkeep = createUpkeepStore(new ScriptRunner(t.redis, 5_000))
  const telemetry = { repaired: () => {} }
  const rest = { telemetry, log: createLog('test', 'silent'), partitions: 1, owner: 'test' }
  reconciler = { upkeep, uploads: { abandon: async () => {} }, documents: t.work.documents, jobs, clock: t.clock, ...rest }
})

describe('a preflight', () => {
  it('that finds nothing begins text, thumbnails and signatures, and the events rise by one', async () => {
    const { id } = await t.create()
    expect(await t.run(id, 'preflight')).toMatchObject({ outcome: 'done', requestId: 'r' })
    expect(t.owed.map(({ name }) => name)).toEqual(['document.text', 'document.thumbnails', 'document.signatures'])
    const record = await t.runAll(id)
    expect(record).toMatchObject({ status: 'processed', progress: 100, pages: 2, step: null })
    const events = (await t.redis.xrange(keysOf(0).events, '-', '+'))
      .map(([, fields]) => fields)
      .filter((fields) => fields.includes(`document:${id}`))
    expect(events.map((fields) => fields[1])).toEqual([
      'document.queued',
      'document.processing',
      ...Array<string>(5).fill('document.progressed'),
      'document.processed',
    ])
    expect(events.map((fields) => fields[5])).toEqual(['1', '2', '3', '4', '5', '6', '7', '8'])
  })

  it('that refuses ends the document, and no other stage is run', async () => {
    t.script.preflight = async () => ({ kind: 'rejected', reason: 'inflates_too_much' })
    const { id } = await t.create()
    t.runs.length = 0
    expect(await t.runAll(id)).toMatchObject({ status: 'rejected', reason: 'inflates_too_much' })
    expect(t.runs).toEqual(['preflight'])
    delete t.script.preflight
  })

  it('does not open what is too large', async () => {
    const { id } = await t.create('large', 200_000_000)
    t.runs.length = 0
    expect(await t.runAll(id)).toMatchObject({ status: 'rejected', reason: 'too_large' })
    expect(t.runs).toEqual([])
  })

  it('whose job was never queued is queued by the reconciler', async () => {
    const { id } = await t.create()
    const job = { name: 'document.preflight', payload: { documentId: id } } as const
    t.clock.advance(3_000)
    await reconcile(reconciler, 0)
    expect(await jobs.presence(job)).toBe('pending')
  })

  it('whose job ended without settling it is settled by the reconciler', async () => {
    const { id } = await t.create()
    t.clock.advance(3_000)
    const ended = { add: async () => {}, presence: async () => 'ended' as const }
    await reconcile({ ...reconciler, jobs: ended }, 0)
    expect(await t.read(id)).toMatchObject({ status: 'rejected', reason: 'internal' })
  })

  it('of a run that was superseded changes nothing', async () => {
    const { id } = await t.create()
    let late: Promise<unknown> = Promise.resolve()
    t.script.preflight = async () => {
      delete t.script.preflight
      late = t.run(id, 'preflight')
      await late
      return { kind: 'rejected', reason: 'of the first run' }
    }
    expect(await t.run(id, 'preflight')).toMatchObject({ outcome: 'stale' })
    expect(await t.read(id)).toMatchObject({ status: 'processing', pages: 2 })
  })
})

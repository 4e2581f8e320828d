// The domain of documents in process: real Redis and Postgres, a sandbox that a test scripts, and a worker that a test plays.
import { createHash, randomBytes } from 'node:crypto'
import { afterAll } from 'vitest'
import type { DocumentStage } from '../../src/contracts/document.ts'
import type { TextAnalysis } from '../../src/contracts/document-parts.ts'
import type { Analyst, DocumentRecord, DocumentSandbox } from '../../src/domain/document-ports.ts'
import { createDocumentId } from '../../src/domain/documents/id.ts'
import type { DocumentWorkDeps } from '../../src/domain/documents/deps.ts'
import { analyserVersion } from '../../src/domain/documents/policy.ts'
import { viewOf } from '../../src/domain/documents/view.ts'
import { sealTitle } from '../../src/domain/documents/title.ts'
import type { JobRequest } from '../../src/domain/ports.ts'
import type { Run } from '../../src/domain/verification/deliver.ts'
import { Keyring } from '../../src/lib/keyring.ts'
import { createPool } from '../../src/stores/postgres/pool.ts'
import { createDocumentResults } from '../../src/stores/postgres/document-results.ts'
import { createDocumentRows } from '../../src/stores/postgres/documents.ts'
import { closeRedis, openRedis, type RedisConnection } from '../../src/stores/redis/connections.ts'
import { createDocumentStore } from '../../src/stores/redis/documents.ts'
import { ScriptRunner } from '../../src/stores/redis/run-script.ts'
import type { RunResult, WorkerDeps } from '../../src/workers/processor.ts'
import { processors } from '../../src/workers/processors.ts'
import { createTestDatabase, createTestRedis } from './infra.ts'

export type DocumentDomain = {
  work: DocumentWorkDeps
  redis: RedisConnection
  /** What the sandbox was asked to do, in order. */
  runs: string[]
  /** Replaces what the sandbox answers. */
  script: Partial<DocumentSandbox>
  clock: { nowMs(): number; advance(ms: number): void }
  /** Jobs that were enqueued and not run yet. */
  owed: JobRequest[]
  /** A new document as the API makes one; `content` decides its hash. */
  create(content?: string, bytes?: number): Promise<DocumentRecord>
  /** Plays one run of a stage's job. */
  run(id: string, stage: DocumentStage | 'record', more?: Partial<Run>): Promise<RunResult>
  /** Runs everything that is owed until nothing is; what throws is thrown. */
  runAll(id: string): Promise<DocumentRecord>
  read(id: string): Promise<DocumentRecord>
  view(id: string): ReturnType<typeof viewOf>
}

const analysis: TextAnalysis = {
  language: { code: 'en', confidence: 1 },
  kind: { name: 'letter', confidence: 1 },
  parties: [],
  dates: [],
  amounts: [],
  signaturePlaces: [],
  personalData: [],
  isCut: false,
}

/** A sandbox in which every document has two pages and no signature. */
function willing(): DocumentSandbox {
  const page = (number: number) => ({ page: number, widthPoints: 595, heightPoints: 842, characters: 5, text: 'Hello' })
  return {
    preflight: async () => ({
      kind: 'ok',
      value: { pages: 2, objects: 9, revisions: 1, isEncrypted: false, inflatedBytes: 9, images: 0, leniencies: [] },
    }),
    text: async () => ({ kind: 'ok', value: { pageCount: 2, characters: 10, pages: [page(1), page(2)], failedPages: [] } }),
    thumbnails: async (_path, from, until) => {
      const numbers = Array.from({ length: until - from + 1 }, (_, index) => from + index)
      return {
        kind: 'ok',
        value: {
          images: numbers.map((number) => ({ page: number, webp: Buffer.from('webp').toString('base64') })),
          failedPages: [],
          next: until + 1,
        },
      }
    },
    signatures: async () => ({ kind: 'ok', value: { outcome: 'ok', signatures: [], findings: [] } }),
    analyse: async () => ({ kind: 'ok', value: analysis }),
  }
}

/** Closed after the file. */
export async function createDocumentDomain(options: { analyst?: Analyst } = {}): Promise<DocumentDomain> {
  const redis = openRedis(await createTestRedis(), 'patient', 'test-documents', () => {})
  const pool = createPool(await createTestDatabase(), () => {}, 2)
  afterAll(async () => {
    closeRedis(redis)
    await pool.end()
  })
  let offsetMs = 0
  const clock = { nowMs: () => Date.now() + offsetMs, advance: (ms: number) => void (offsetMs += ms) }
  const keyring = Keyring.parse(`k1:${randomBytes(32).toString('base64')}`)
  const runs: string[] = []
  const script: Partial<DocumentSandbox> = {}
  const owed: JobRequest[] = []
  const honest = willing()
  const play = (name: keyof DocumentSandbox) =>
    ((...args: never[]) => {
      runs.push(name)
      return ((script[name] ?? honest[name]) as (...all: never[]) => unknown)(...args)
    }) as never
  const work: DocumentWorkDeps = {
    clock,
    keyring,
    documents: createDocumentStore(new ScriptRunner(redis, 5_000)),
    documentRows: createDocumentRows(pool),
    documentResults: createDocumentResults(pool),
    enqueue: async (job) => void owed.push(job),
    telemetry: { repaired: () => {} },
    sandbox: {
      preflight: play('preflight'),
      text: play('text'),
      thumbnails: play('thumbnails'),
      signatures: play('signatures'),
      analyse: play('analyse'),
    },
    documentFiles: { withStored: (_key, _signal, use) => use('/dev/null'), withText: (_text, use) => use('/dev/null') },
    analyst: options.analyst ?? null,
  }
  let starts = 0
  const read = async (id: string): Promise<DocumentRecord> => {
    const record = await work.documents.read(id)
    if (!record) throw new Error('there is no such document')
    return record
  }
  const run: DocumentDomain['run'] = (id, stage, more = {}) => {
    const whole: Run = {
      fence: { jobMs: 5, starts: ++starts },
      tries: 1,
      backoff: { firstMs: 1, maxMs: 1 },
      signal: new AbortController().signal,
      ...more,
    }
    return processors[`document.${stage}`](work as WorkerDeps, { documentId: id }, whole)
  }
  return {
    work,
    redis,
    runs,
    script,
    clock,
    owed,
    run,
    read,
    async create(content = randomBytes(8).toString('hex'), bytes = 1_000) {
      const id = createDocumentId(0, keyring.writingTag)
      const sha256 = createHash('sha256').update(content).digest('hex')
      const facts = {
        id,
        owner: 'owner',
        uploadId: 'upl',
        storageKey: 'key',
        sha256,
        bytes,
        sealed: sealTitle(keyring, id, 'Title', clock.nowMs()),
      }
      return work.documents.create(
        { ...facts, version: analyserVersion, createdAtMs: clock.nowMs() },
        { requestId: 'r', actor: 'owner' },
        clock.nowMs(),
      )
    },
    async runAll(id) {
      await run(id, 'preflight')
      for (let job = owed.shift(); job; job = owed.shift()) await run(id, job.name.slice('document.'.length) as DocumentStage)
      return read(id)
    },
    view: async (id) => viewOf(work, await read(id), clock.nowMs()),
  }
}

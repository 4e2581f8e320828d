// The domain of uploads in process: real Redis, Postgres, disk and sandbox, with a clock that a test moves and a scanner that says what a test wants.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { UploadSession } from '../../src/contracts/upload.ts'
import type { Caller } from '../../src/domain/caller.ts'
import type { Scan } from '../../src/domain/upload-ports.ts'
import { appendToUpload } from '../../src/domain/uploads/append.ts'
import { createUpload } from '../../src/domain/uploads/create.ts'
import type { UploadDeps, UploadWorkDeps } from '../../src/domain/uploads/deps.ts'
import { finaliseUpload } from '../../src/domain/uploads/finalise.ts'
import { getUploadSession } from '../../src/domain/uploads/read.ts'
import { Keyring } from '../../src/lib/keyring.ts'
import { createDiskBlobs } from '../../src/providers/blobs/disk.ts'
import { createInspector } from '../../src/providers/inspector.ts'
import { createSniffer } from '../../src/providers/sniffer.ts'
import { uploadKeeping } from '../../src/bin/upload-parts.ts'
import { uploadFinalise } from '../../src/queues/jobs/upload-finalise.ts'
import { generateSecrets } from '../../src/standins/dev-secrets.ts'
import { createPool } from '../../src/stores/postgres/pool.ts'
import { createStoredUploads } from '../../src/stores/postgres/uploads.ts'
import { closeRedis, openRedis, type RedisConnection } from '../../src/stores/redis/connections.ts'
import { createIdempotencyStore } from '../../src/stores/redis/idempotency.ts'
import { ScriptRunner } from '../../src/stores/redis/run-script.ts'
import { createUploadStore } from '../../src/stores/redis/uploads.ts'
import { createManualClock, type ManualClock } from './domain.ts'
import { createTestDatabase, createTestRedis, until } from './infra.ts'
import { metadata } from './upload-client.ts'

export type TestUploads = {
  deps: UploadDeps
  work: UploadWorkDeps
  clock: ManualClock
  redis: RedisConnection
  folder: string
  /** What the scanner says next and from then on. */
  scan: { says: Scan }
  /** Jobs that were put on a queue, by id of the upload. */
  queued: string[]
  begin(length: number, entries?: Record<string, string>, who?: Caller): Promise<string>
  send(id: string, offset: number, bytes: Buffer, who?: Caller): Promise<void>
  /** A whole upload whose last byte is there. */
  upload(bytes: Buffer, entries?: Record<string, string>): Promise<string>
  /** Plays a worker's run: each call is a later start of the same job. */
  finalise(id: string, work?: Partial<UploadWorkDeps>): Promise<string>
  session(id: string, who?: Caller): Promise<UploadSession>
  /** Types of the events of an upload, in their order. */
  events(id: string): Promise<string[]>
}

export const ada: Caller = { kind: 'user', subject: 'ada', roles: [] }

export async function createTestUploads({ partitions = 1 } = {}): Promise<TestUploads> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-uploads-'))
  const redis = openRedis(await createTestRedis(), 'impatient', 'test', () => {})
  const pool = createPool(await createTestDatabase(), () => {})
  afterAll(async () => {
    closeRedis(redis)
    await pool.end()
    rmSync(folder, { recursive: true, force: true })
  })
  await until(() => redis.status === 'ready')
  const runner = new ScriptRunner(redis, 5_000)
  const clock = createManualClock()
  const queued: string[] = []
  const scan: TestUploads['scan'] = { says: { verdict: 'clean' } }
  const common = {
    clock,
    keyring: Keyring.parse(generateSecrets().MASTER_KEYS),
    uploads: createUploadStore(runner, { partitions, keeping: uploadKeeping }),
    storedUploads: createStoredUploads(pool),
    blobs: createDiskBlobs(folder),
  }
  const deps: UploadDeps = {
    ...common,
    uploadPolicy: { isPublic: true, partitions, maxBytes: 1_073_741_824, reserveBytes: 0 },
    enqueue: async ({ payload }) => void ('uploadId' in payload && queued.push(payload.uploadId)),
    idempotency: createIdempotencyStore(runner, partitions),
    telemetry: { repaired: () => {} },
  }
  const work: UploadWorkDeps = {
    ...common,
    sniffer: createSniffer(createInspector()),
    scanner: { scan: async (content) => (content.destroy(), scan.says) },
    isUnscannedAllowed: false,
    uploadMeters: { uploadsSwept: () => {}, orphansSeen: () => {} },
  }
  const starts = new Map<string, number>()
  const begin: TestUploads['begin'] = async (length, entries = {}, who = ada) => {
    const request = { metadata: metadata({ filename: 'a.txt', ...entries }), length }
    return (await createUpload(deps, who, request, { requestId: randomUUID() })).record.id
  }
  const send: TestUploads['send'] = async (id, offset, bytes, who = ada) => {
    await appendToUpload(deps, who, id, { offset, announced: bytes.length }, oneChunk(bytes), { requestId: randomUUID() })
  }
  return {
    deps,
    work,
    clock,
    redis,
    folder,
    scan,
    queued,
    begin,
    send,
    upload: async (bytes, entries) => {
      const id = await begin(bytes.length, entries)
      await send(id, 0, bytes)
      return id
    },
    finalise: async (id, replaced = {}) => {
      const start = (starts.get(id) ?? 0) + 1
      starts.set(id, start)
      const run = {
        fence: { jobMs: 1, starts: start },
        tries: start,
        backoff: uploadFinalise.backoff,
        signal: new AbortController().signal,
      }
      return (await finaliseUpload({ ...work, ...replaced }, id, run)).outcome
    },
    session: (id, who = ada) => getUploadSession(deps, who, id),
    events: async (id) => {
      const streams = await Promise.all(
        Array.from({ length: partitions }, (_, partition) => redis.xrange(`{p${partition}}:events`, '-', '+')),
      )
      return streams.flat().flatMap(([, fields]) => (fields.includes(`upload:${id}`) ? [String(fields[fields.indexOf('type') + 1])] : []))
    },
  }
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer> {
  if (bytes.length > 0) yield bytes
}

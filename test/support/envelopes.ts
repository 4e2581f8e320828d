// The domain of envelopes in process: real Redis, Postgres and disk, verifications of the domain's own, a clock that a test moves; and what a signer does, step by step.
import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { createEnvelopes } from '../../src/bin/envelope-parts.ts'
import { uploadKeeping } from '../../src/bin/upload-parts.ts'
import { createEnvelopeRequest } from '../../src/contracts/envelope.ts'
import type { SignatureReport } from '../../src/contracts/signature.ts'
import type { Caller } from '../../src/domain/caller.ts'
import type { DocumentRecord } from '../../src/domain/document-ports.ts'
import { createDocumentId } from '../../src/domain/documents/id.ts'
import { analyserVersion } from '../../src/domain/documents/policy.ts'
import { sealTitle } from '../../src/domain/documents/title.ts'
import type { Act, EnvelopeRecord } from '../../src/domain/envelope-ports.ts'
import { createEnvelope } from '../../src/domain/envelopes/create.ts'
import type { EnvelopeDeps, EnvelopeWorkDeps } from '../../src/domain/envelopes/deps.ts'
import { expireEnvelope } from '../../src/domain/envelopes/expire.ts'
import { confirmSigner, identifySigner } from '../../src/domain/envelopes/identify.ts'
import { inspectSigner, type SignerView } from '../../src/domain/envelopes/inspect.ts'
import { nameOf, openSigner } from '../../src/domain/envelopes/personal.ts'
import { prepareEnvelope } from '../../src/domain/envelopes/prepare.ts'
import { consentSigner, declineSigner, reviewSigner, signSigner } from '../../src/domain/envelopes/sign.ts'
import { signerToken } from '../../src/domain/envelopes/token.ts'
import type { JobRequest } from '../../src/domain/ports.ts'
import { ownerOf } from '../../src/domain/uploads/owner.ts'
import type { Run } from '../../src/domain/verification/deliver.ts'
import { createDocumentFiles } from '../../src/providers/document-files.ts'
import { createDiskBlobs } from '../../src/providers/blobs/disk.ts'
import { createDocumentResults } from '../../src/stores/postgres/document-results.ts'
import { createDocumentRows } from '../../src/stores/postgres/documents.ts'
import { createNoticeStore } from '../../src/stores/postgres/notices.ts'
import { createPool, type Pool } from '../../src/stores/postgres/pool.ts'
import { createStoredUploads } from '../../src/stores/postgres/uploads.ts'
import { createDocumentStore } from '../../src/stores/redis/documents.ts'
import { createUploadStore } from '../../src/stores/redis/uploads.ts'
import { createDomain, type DomainOptions, type ManualClock, type TestDomain } from './domain.ts'
import { createTestDatabase } from './infra.ts'
import { textPdf } from './pdf-files.ts'

export type TestEnvelopes = {
  domain: TestDomain
  deps: EnvelopeDeps
  work: EnvelopeWorkDeps
  pool: Pool
  clock: ManualClock
  /** Jobs that were enqueued, in order. */
  queued: JobRequest[]
  /** What the sealing key says of itself; null: that it may seal. */
  sealing: { fault: string | null }
  /** How often pages were drawn. */
  drawn: { batches: number; fails: number }
  /** A processed document of this owner, with its bytes in storage. */
  document(
    who?: Caller,
    replace?: Partial<DocumentRecord>,
    found?: { isEncrypted?: boolean; signatures?: SignatureReport },
  ): Promise<DocumentRecord>
  /** Sends a document (a new one if left out) to `signers` people, two if left out; not prepared yet. */
  send(request?: Record<string, unknown>, who?: Caller): Promise<EnvelopeRecord>
  /** Plays the job that makes it ready. */
  prepare(id: string, run?: Partial<Run>): Promise<string>
  expire(id: string): Promise<string>
  /** Sent and made ready. */
  ready(request?: Record<string, unknown>, who?: Caller): Promise<EnvelopeRecord>
  read(id: string): Promise<EnvelopeRecord>
  acts(id: string): Promise<Act[]>
  signer(id: string, number: number): TestSigner
}

/** One signer in one browser. */
export type TestSigner = {
  token: string
  cookie: string | undefined
  view(): Promise<SignerView>
  /** The code that the signer was sent last. */
  code(): Promise<string>
  identify(): Promise<void>
  confirm(code?: string): Promise<void>
  review(name?: string): Promise<void>
  consent(): Promise<void>
  sign(typedName?: string): Promise<void>
  decline(reason?: string): Promise<void>
  /** Everything up to, and without, the signature. */
  upToSigning(): Promise<void>
  all(): Promise<void>
}

export const sender: Caller = { kind: 'user', subject: 'sender', roles: [], email: 'sender@example.com' }
const noSignatures: SignatureReport = { outcome: 'ok', signatures: [], findings: [] }
const sha = (text: string): string => createHash('sha256').update(text).digest('hex')

let people = 0
/** Two people with addresses of their own. */
export const twoSigners = () => [
  { name: 'Ada Shikongo', email: `ada-${++people}@example.com` },
  { name: 'Ben Müller', email: `ben-${people}@example.com` },
]

/** Everything ends with the test file. */
export async function createTestEnvelopes(options: DomainOptions = {}): Promise<TestEnvelopes> {
  const domain = await createDomain(options)
  const pool = createPool(await createTestDatabase(), () => {}, 6)
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-envelopes-'))
  afterAll(async () => {
    await pool.end()
    rmSync(folder, { recursive: true, force: true })
  })
  const { keyring, clock, runner } = domain
  const partitions = options.partitions ?? 1
  const queued: JobRequest[] = []
  const sealing: TestEnvelopes['sealing'] = { fault: null }
  const drawn = { batches: 0, fails: 0 }
  const blobs = createDiskBlobs(folder)
  const deps: EnvelopeDeps = {
    ...domain.accept,
    enqueue: async (job) => void queued.push(job),
    uploads: createUploadStore(runner, { partitions, keeping: uploadKeeping }),
    storedUploads: createStoredUploads(pool),
    uploadPolicy: { isPublic: true, partitions, maxBytes: 1_073_741_824, reserveBytes: 0 },
    blobs,
    documents: createDocumentStore(runner),
    documentRows: createDocumentRows(pool),
    documentResults: createDocumentResults(pool),
    envelopes: createEnvelopes(pool, keyring),
    notices: createNoticeStore(pool),
    sealingKey: { standing: () => (sealing.fault === null ? { ready: true, certificate } : { ready: false, reason: sealing.fault }) },
  }
  const notOfThisTest = () => Promise.reject(new TypeError('not part of this test'))
  const work: EnvelopeWorkDeps = {
    clock,
    keyring,
    documents: deps.documents,
    documentRows: deps.documentRows,
    documentResults: deps.documentResults,
    enqueue: deps.enqueue,
    telemetry: deps.telemetry,
    envelopes: deps.envelopes,
    analyst: null,
    documentFiles: createDocumentFiles(blobs),
    sandbox: {
      preflight: notOfThisTest,
      text: notOfThisTest,
      signatures: notOfThisTest,
      analyse: notOfThisTest,
      thumbnails: async (_path, from, until) => {
        drawn.batches++
        if (drawn.fails-- > 0) return { kind: 'crashed', signal: 'SIGSEGV' }
        const pages = Array.from({ length: until - from + 1 }, (_, index) => from + index)
        const images = pages.map((page) => ({ page, webp: Buffer.from(`page ${page}`).toString('base64') }))
        return { kind: 'ok', value: { images, failedPages: [], next: until + 1 } }
      },
    },
  }

  const document: TestEnvelopes['document'] = async (who = sender, replace = {}, found = {}) => {
    const id = createDocumentId(0, keyring.writingTag)
    const bytes = textPdf([`An agreement, number ${randomUUID()}`, 'Signature: ________'])
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const storageKey = `documents/test/${randomUUID()}`
    await blobs.write(storageKey, bytes)
    const nowMs = clock.nowMs()
    const done = { status: 'done' } as const
    const record: DocumentRecord = {
      id,
      status: 'processed',
      sequence: 9,
      owner: ownerOf(keyring, who, '', partitions).print,
      uploadId: 'upl',
      storageKey,
      sha256,
      bytes: bytes.length,
      sealed: sealTitle(keyring, id, 'Lease of House 7', nowMs),
      version: analyserVersion,
      stages: { preflight: done, text: done, thumbnails: done, signatures: done, analysis: done },
      step: null,
      progress: 100,
      pages: 2,
      createdAtMs: nowMs,
      endedAtMs: nowMs,
      requestId: 'r',
      ...replace,
    }
    const key = { sha256, version: analyserVersion }
    const preflight = { pages: 2, objects: 9, revisions: 1, inflatedBytes: 9, images: 0, leniencies: [] }
    const isEncrypted = found.isEncrypted ?? false
    await deps.documentResults.write({ ...key, stage: 'preflight' }, { kind: 'ok', value: { ...preflight, isEncrypted } }, nowMs)
    await deps.documentResults.write({ ...key, stage: 'signatures' }, { kind: 'ok', value: found.signatures ?? noSignatures }, nowMs)
    await deps.documentRows.save(record)
    return record
  }

  const send: TestEnvelopes['send'] = async (request = {}, who = sender) => {
    const whole = {
      documentId: request['documentId'] ?? (await document(who)).id,
      requiredClass: 'party_agreed',
      order: 'parallel',
      signers: twoSigners(),
      ...request,
    }
    const { envelope } = await createEnvelope(deps, who, createEnvelopeRequest.parse(whole), { requestId: `req-${randomUUID()}` })
    return read(envelope.id)
  }
  const starts = new Map<string, number>()
  const prepare: TestEnvelopes['prepare'] = async (id, run = {}) => {
    starts.set(id, (starts.get(id) ?? 0) + 1)
    const whole: Run = {
      fence: { jobMs: 1, starts: starts.get(id) ?? 1 },
      tries: 1,
      backoff: { firstMs: 1, maxMs: 1 },
      signal: new AbortController().signal,
      ...run,
    }
    return (await prepareEnvelope(work, id, whole)).outcome
  }
  const read: TestEnvelopes['read'] = async (id) => {
    const record = await deps.envelopes.read(id)
    if (!record) throw new Error('there is no such envelope')
    return record
  }
  return {
    domain,
    deps,
    work,
    pool,
    clock,
    queued,
    sealing,
    drawn,
    document,
    send,
    prepare,
    expire: async (id) => (await expireEnvelope(work, id)).outcome,
    ready: async (request, who) => {
      const { id } = await send(request, who)
      await prepare(id)
      return read(id)
    },
    read,
    acts: (id) => deps.envelopes.acts(id),
    signer: (id, number) => signerOf({ deps, domain }, id, number),
  }
}

const certificate = { subject: 'CN=Test', sha256: '0'.repeat(64), notBeforeMs: 0, notAfterMs: 8.64e15 }

function signerOf({ deps, domain }: Pick<TestEnvelopes, 'deps' | 'domain'>, id: string, number: number): TestSigner {
  const token = signerToken(deps.keyring, id, number) ?? ''
  const visitor: Caller = { kind: 'anonymous', network: `198.51.100.${number}` }
  const context = () => ({ requestId: `req-${randomUUID()}` })
  const found = async () => {
    const record = await deps.envelopes.read(id)
    const signer = record?.signers.find((candidate) => candidate.number === number)
    const personal = signer && openSigner(deps.keyring, id, number, signer.sealed)
    if (!signer || !personal) throw new Error('there is no such signer')
    return { signer, personal }
  }
  const signer: TestSigner = {
    token,
    cookie: undefined,
    view: () => inspectSigner(deps, visitor, token, signer.cookie),
    code: async () => domain.code((await found()).signer.askedVerificationId ?? ''),
    identify: () => identifySigner(deps, visitor, token, context()),
    confirm: async (code) => {
      signer.cookie = (await confirmSigner(deps, visitor, token, code ?? (await signer.code()), context())).cookie
    },
    review: async (name) =>
      reviewSigner(deps, visitor, token, signer.cookie, { name: name ?? nameOf((await found()).personal) }, context()),
    consent: () => consentSigner(deps, visitor, token, signer.cookie, { textVersion: 'consent-1', textSha256: sha('consent') }, context()),
    sign: async (typedName) => {
      const intent = { intentVersion: 'intent-1', intentSha256: sha('intent'), method: 'typed' } as const
      const typed = typedName ?? nameOf((await found()).personal)
      await signSigner(deps, visitor, token, signer.cookie, { typedName: typed, ...intent }, context())
    },
    decline: (reason) => declineSigner(deps, visitor, token, signer.cookie, reason === undefined ? {} : { reason }, context()),
    upToSigning: async () => {
      await signer.identify()
      await signer.confirm()
      await signer.review()
      await signer.consent()
    },
    all: async () => {
      await signer.upToSigning()
      await signer.sign()
    },
  }
  return signer
}

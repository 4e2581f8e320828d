// Envelopes up to their seal: on the domain of ./envelopes.ts, with the real sandbox, printer and key; documents may be any PDF.
import { createHash, randomUUID } from 'node:crypto'
import type { DocumentRecord } from '../../src/domain/document-ports.ts'
import type { EnvelopeRecord } from '../../src/domain/envelope-ports.ts'
import type { SealDeps } from '../../src/domain/envelopes/seal-deps.ts'
import { sealSignedEnvelope } from '../../src/domain/envelopes/seal.ts'
import type { Run } from '../../src/domain/verification/deliver.ts'
import { createDocumentFiles } from '../../src/providers/document-files.ts'
import { createDocumentSandbox } from '../../src/providers/document-sandbox.ts'
import { createInspector, type InspectionMeasure } from '../../src/providers/inspector.ts'
import { createPrinter } from '../../src/providers/print/printer.ts'
import { createSealPreparer } from '../../src/providers/sealing/preparer.ts'
import { loadSealingKey } from '../../src/providers/sealing/sealing-key.ts'
import { createSealingKey } from '../../src/standins/dev-sealing-key.ts'
import { createIntegrityStore } from '../../src/stores/postgres/integrity.ts'
import { createTestEnvelopes, sender, type TestEnvelopes } from './envelopes.ts'

export type TestSealing = TestEnvelopes & {
  seal: SealDeps
  /** What the sandbox's children took. */
  measures: InspectionMeasure[]
  /** A document of these bytes, uploaded, processed and judged. */
  upload(bytes: Buffer): Promise<DocumentRecord>
  /** An envelope (of a new document if none is given) that all its signers have signed. */
  signed(document?: DocumentRecord, more?: Record<string, unknown>): Promise<EnvelopeRecord>
  /** Plays one run of the job, with other parts where they are given. */
  run(id: string, replace?: Partial<SealDeps>, run?: Partial<Run>): Promise<string>
  bytesOf(key: string | undefined): Promise<Buffer>
  /** The keys of an envelope's blobs by their first word, sorted. */
  blobsOf(id: string): Promise<string[]>
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export async function createTestSealing(): Promise<TestSealing> {
  const base = await createTestEnvelopes()
  const { deps, work, clock } = base
  const measures: InspectionMeasure[] = []
  const inspector = createInspector({ observe: (measure) => void measures.push(measure) })
  const { key, fault } = loadSealingKey(createSealingKey(clock.nowMs()), '', clock.nowMs())
  if (fault !== null) throw new Error(fault)
  const sandbox = createDocumentSandbox(inspector)
  const seal: SealDeps = {
    ...work,
    sandbox,
    documentFiles: createDocumentFiles(deps.blobs),
    policy: { brand: 'Sallyport' },
    blobs: deps.blobs,
    integrity: createIntegrityStore(base.pool),
    sealingKey: key,
    sealPreparer: createSealPreparer(inspector),
    printer: createPrinter(),
  }
  const signal = new AbortController().signal
  const bytesOf: TestSealing['bytesOf'] = async (at) => {
    const chunks: Buffer[] = []
    for await (const chunk of (await deps.blobs.read(String(at))) as AsyncIterable<Buffer>) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  const upload: TestSealing['upload'] = async (bytes) => {
    const storageKey = `documents/test/${randomUUID()}`
    await deps.blobs.write(storageKey, bytes)
    const record = await base.document(sender, { storageKey, sha256: sha256Of(bytes), bytes: bytes.length })
    const at = { sha256: record.sha256, version: record.version }
    for (const stage of ['preflight', 'signatures'] as const) {
      const found = await seal.documentFiles.withStored(storageKey, signal, (path) =>
        stage === 'preflight' ? sandbox.preflight(path, signal) : sandbox.signatures(path, clock.nowMs(), signal),
      )
      if (found.kind !== 'ok') throw new Error(`${stage} ${found.kind}`)
      await deps.documentResults.write({ ...at, stage }, { kind: 'ok', value: found.value }, clock.nowMs())
    }
    return record
  }
  const signed: TestSealing['signed'] = async (document, more = {}) => {
    const { id, signers } = await base.ready({ ...(document ? { documentId: document.id } : {}), ...more })
    for (const { number } of signers) await base.signer(id, number).all()
    return base.read(id)
  }
  let runs = 0
  const run: TestSealing['run'] = async (id, replace = {}, how = {}) => {
    const whole: Run = { fence: { jobMs: 1, starts: ++runs }, tries: 1, backoff: { firstMs: 1, maxMs: 1 }, signal, ...how }
    return (await sealSignedEnvelope({ ...seal, ...replace }, id, whole)).outcome
  }
  const blobsOf: TestSealing['blobsOf'] = async (id) =>
    (await deps.blobs.keysIn(`envelopes/${id}`)).map((at) => (at.split('/')[2] ?? '').split('-')[0] ?? '').toSorted()
  return { ...base, seal, measures, upload, signed, run, bytesOf, blobsOf }
}

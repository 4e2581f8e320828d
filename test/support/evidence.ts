// Envelopes that were completed, with their acts in a real trail: the sealing is played by hand, with a real key and a real CMS signature over a small increment.
import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { createAuditParts, createSinks } from '../../src/bin/event-parts.ts'
import { bundleParts } from '../../src/bin/retention-parts.ts'
import type { Caller } from '../../src/domain/caller.ts'
import type { EnvelopeRecord, SealState } from '../../src/domain/envelope-ports.ts'
import { appendActs } from '../../src/domain/envelopes/acts.ts'
import { buildEvidence } from '../../src/domain/envelopes/evidence.ts'
import { loadEvidence } from '../../src/domain/envelopes/evidence-bundle.ts'
import { factsOfSeal } from '../../src/domain/envelopes/seal-facts.ts'
import type { EvidenceDeps } from '../../src/domain/envelopes/evidence-deps.ts'
import { newRetention } from '../../src/domain/retention/assign.ts'
import type { RetentionClassName } from '../../src/domain/retention/classes.ts'
import type { RetentionDeps, RetentionWorkDeps } from '../../src/domain/retention/deps.ts'
import { Secret } from '../../src/lib/secret.ts'
import { createLog } from '../../src/log.ts'
import { loadSealingKey } from '../../src/providers/sealing/sealing-key.ts'
import { generateSecrets } from '../../src/standins/dev-secrets.ts'
import { createOutboxStore } from '../../src/stores/postgres/events.ts'
import { createIntegrityStore } from '../../src/stores/postgres/integrity.ts'
import { createPurgeStore } from '../../src/stores/postgres/purge.ts'
import { createRetentionStore } from '../../src/stores/postgres/retention.ts'
import { createEventLog } from '../../src/stores/redis/event-log.ts'
import { createEventStreams } from '../../src/stores/redis/event-drain.ts'
import { drainOnce, forwardOutbox } from '../../src/workers/loops/event-drain.ts'
import { createTestEnvelopes, type TestEnvelopes } from './envelopes.ts'

export type TestEvidence = TestEnvelopes & {
  evidence: EvidenceDeps
  keeping: RetentionDeps
  sweeping: RetentionWorkDeps
  /** What the workers' meters were told. */
  told: string[]
  /** A completed envelope with its sealed copy; its acts are in the trail. */
  complete(request?: Record<string, unknown>, options?: { who?: Caller; retention?: RetentionClassName }): Promise<EnvelopeRecord>
  /** Takes every event into the trail. */
  drain(): Promise<void>
  /** Takes into the trail what is in the streams, but not what is still in the outbox. */
  drainStreams(): Promise<void>
  /** Another event of somebody else's. */
  noise(count: number): Promise<void>
  /** The bundle in memory. */
  bundle(record: EnvelopeRecord): Promise<Map<string, Buffer>>
  /** Runs SQL as somebody would who may do everything: no trigger stops it. */
  tamper(sql: string, values?: readonly unknown[]): Promise<void>
}

const silent = createLog('test', 'silent')
const trace = { requestId: 'req-seal', actor: '' }

/** Everything ends with the test file. `given`: envelopes that are there already (./sealing.ts has some that are sealed for real). */
export async function createTestEvidence(given?: TestEnvelopes): Promise<TestEvidence> {
  const base = given ?? (await createTestEnvelopes())
  const { deps, pool, clock, domain } = base
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-evidence-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const secrets = generateSecrets()
  const proofKey = new Secret(secrets.PROOF_KEY)
  const audit = await createAuditParts(pool, folder, proofKey)
  const streams = createEventStreams(domain.runner)
  const sink = createSinks(pool, domain.keyring).audit
  const outbox = createOutboxStore(pool)
  const retention = createRetentionStore(pool)
  const bundleOf = await bundleParts({ PROOF_KEY: proofKey, PUBLIC_URL: 'https://sallyport.test' })
  const evidence: EvidenceDeps = { ...deps, ...audit, ...bundleOf, retention }
  const told: string[] = []
  const events = createEventLog(domain.runner)
  const drainStreams = async (): Promise<void> => {
    while (await drainOnce({ name: 'audit', streams, sink, partitions: 1, log: silent }));
  }
  const drain: TestEvidence['drain'] = async () => {
    while ((await forwardOutbox({ outbox, streams })) > 0);
    await drainStreams()
  }
  const { key } = loadSealingKey(Buffer.from(secrets.SEALING_KEY_P12, 'base64'), '', Date.now())

  const seal = async (record: EnvelopeRecord): Promise<SealState> => {
    const original = await readAll(await deps.blobs.read(record.documentKey))
    const standing = key.standing(Date.now())
    if (!standing.ready) throw new Error(standing.reason)
    const head = Buffer.from('\n%%an increment\n/Contents ')
    const gap = Buffer.from(`<${'0'.repeat(8_192)}>`)
    const tail = Buffer.from('\n%%EOF\n')
    const before = original.length + head.length
    const after = before + gap.length
    const signed = createHash('sha256').update(original).update(head).update(tail).digest()
    gap.write((await key.sign(signed, Date.now())).toString('hex'), 1, 'latin1')
    const copy = Buffer.concat([original, head, gap, tail])
    const [sealedKey, certificateKey] = [
      `envelopes/${record.id}/sealed-${randomUUID()}`,
      `envelopes/${record.id}/certificate-${randomUUID()}`,
    ]
    await deps.blobs.write(sealedKey, copy)
    const certificate = Buffer.from('%PDF-1.7 a certificate')
    await deps.blobs.write(certificateKey, certificate)
    return {
      step: 'verified',
      tries: 1,
      requestedAtMs: clock.nowMs(),
      certificateKey,
      certificateFileSha256: createHash('sha256').update(certificate).digest('hex'),
      certificateFileBytes: certificate.length,
      byteRange: [0, before, after, tail.length],
      sealedKey,
      sha256: createHash('sha256').update(copy).digest('hex'),
      bytes: copy.length,
      certificateSha256: standing.certificate.sha256,
      signaturesBefore: 0,
      sealedAtMs: clock.nowMs(),
    }
  }

  return {
    ...base,
    evidence,
    keeping: { ...deps, retention },
    sweeping: {
      clock,
      keyring: deps.keyring,
      blobs: deps.blobs,
      envelopes: deps.envelopes,
      retention,
      purges: createPurgeStore(pool),
      integrity: createIntegrityStore(pool),
      software: 'test',
      retentionMeters: {
        objectFailed: ({ outcome }) => void told.push(outcome),
        purgeFailed: (_subject, error) => void told.push(`purge: ${error instanceof Error ? error.message : ''}`),
      },
    },
    told,
    complete: async (request = {}, { who, retention: name = 'standard' } = {}) => {
      const { id } = await base.ready(request, who)
      for (const { number } of (await base.read(id)).signers) await base.signer(id, number).all()
      const sealed = await seal(await base.read(id))
      const nowMs = clock.nowMs()
      await deps.envelopes.change(id, (record) => {
        const facts = factsOfSeal(sealed)
        const ended: EnvelopeRecord = { ...record, status: 'completed', seal: sealed, endedAtMs: nowMs }
        const appended = appendActs(ended, [{ type: 'envelope.sealed', facts }, { type: 'envelope.completed' }], trace, nowMs)
        return { change: { ...appended, dueAtMs: null, retention: newRetention(id, name, nowMs, trace, nowMs) }, value: null }
      })
      await drain()
      return base.read(id)
    },
    drain,
    drainStreams,
    noise: async (count) => {
      const others = Array.from({ length: count }, () => ({ type: 'thing.happened', subject: `secret-id-${randomUUID()}`, sequence: 1 }))
      await events.append(0, others, { requestId: 'r', actor: 'somebody' }, clock.nowMs())
      await drain()
    },
    bundle: async (record) => {
      const files = await loadEvidence(deps.blobs, await buildEvidence(evidence, record))
      if (!files) throw new Error('it is too large')
      return files
    },
    tamper: async (sql, values = []) => {
      const client = await pool.connect()
      try {
        await client.query('set session_replication_role = replica')
        await client.query(sql, [...values])
      } finally {
        await client.query('set session_replication_role = default')
        client.release()
      }
    },
  }
}

async function readAll(content: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of content) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

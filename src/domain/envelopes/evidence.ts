// The evidence bundle of a completed envelope: everything that somebody needs to check it without us. Packing and sending are others' business.
import type { AuditEntry } from '../../contracts/audit.ts'
import { AppError } from '../../errors.ts'
import { MINUTE_MS } from '../../lib/durations.ts'
import { analyserVersion } from '../documents/policy.ts'
import type { Act, EnvelopeRecord, SealState } from '../envelope-ports.ts'
import type { EvidenceFile } from '../evidence-ports.ts'
import type { RetentionRecord } from '../retention-ports.ts'
import { verifyActs } from './acts.ts'
import { trailPart } from './evidence-audit.ts'
import { EvidenceDamaged, finishBundle, jsonFile, requireStored, textFile } from './evidence-bundle.ts'
import type { EvidenceDeps } from './evidence-deps.ts'
import { envelopeFacts } from './evidence-facts.ts'
import { readCms } from './evidence-verify.ts'
import { rowFault } from './row-fault.ts'

/** The trail takes events within seconds; what is not there after this long is missing. */
const trailPatienceMs = 10 * MINUTE_MS

const sealedMembers = [
  ...(['sealedKey', 'sha256', 'bytes', 'byteRange', 'certificateSha256'] as const),
  ...(['certificateKey', 'certificateFileSha256', 'certificateFileBytes'] as const),
]

/** What is recorded of a sealed copy and of its certificate. */
type Sealed = SealState & Required<Pick<SealState, (typeof sealedMembers)[number]>>

/**
 * The files, PDFs by where they lie. Throws `envelope_purged`, `evidence_not_ready` before completion and while the audit trail lags, `service_degraded`, and
 * EvidenceDamaged when a PDF is not in the store as it was recorded, or the row says something else than acts that are whole. Acts that are not make a bundle
 * whose verifying names them.
 */
export async function buildEvidence(deps: EvidenceDeps, record: EnvelopeRecord): Promise<EvidenceFile[]> {
  if (record.purgedAtMs !== undefined) throw new AppError('envelope_purged')
  const { seal } = record
  const acts = await deps.envelopes.acts(record.id)
  requireOwnRow(record, acts)
  if (record.status !== 'completed' || !isSealed(seal))
    throw new AppError('evidence_not_ready', { detail: 'There is evidence once the envelope is completed.' })
  const pdfs: EvidenceFile[] = [
    { name: 'sealed.pdf', content: { key: seal.sealedKey, bytes: seal.bytes, sha256: seal.sha256 } },
    { name: 'original.pdf', content: { key: record.documentKey, bytes: record.documentBytes, sha256: record.documentSha256 } },
    {
      name: 'certificate.pdf',
      content: { key: seal.certificateKey, bytes: seal.certificateFileBytes, sha256: seal.certificateFileSha256 },
    },
  ]
  await requireStored(deps.blobs, pdfs)
  const retention = await deps.retention.read(record.id)
  const wish = {
    subjects: [record.id, `retention:${record.id}`],
    sinceMs: record.createdAtMs,
    isComplete: (entries: readonly AuditEntry[]) => isAnchored(acts, entries),
  }
  const isOld = deps.clock.nowMs() - (record.endedAtMs ?? record.createdAtMs) > trailPatienceMs
  const trail = await trailPart(deps, wish, isOld)
  return finishBundle(deps, 'envelope', record.id, [
    ...pdfs,
    jsonFile('envelope.json', envelopeFacts(deps.keyring, record, seal)),
    jsonFile('acts.json', acts),
    textFile('audit.ndjson', trail.lines),
    ...(trail.checkpoint === null ? [] : [textFile('checkpoint.jws', `${trail.checkpoint}\n`)]),
    textFile('certificates.pem', await sealCertificates(deps, seal)),
    jsonFile('signatures.json', await judgements(deps, record, seal)),
    jsonFile('retention.json', retentionFacts(retention)),
  ])
}

function requireOwnRow(record: EnvelopeRecord, acts: readonly Act[]): void {
  const fault = verifyActs(acts, record) === null ? rowFault(record, acts) : null
  if (fault !== null) throw new EvidenceDamaged(`the envelope is not what its acts say: ${fault}`)
}

function isSealed(seal: SealState | undefined): seal is Sealed {
  return seal !== undefined && sealedMembers.every((member) => seal[member] !== undefined)
}

function isAnchored(acts: readonly Act[], entries: readonly AuditEntry[]): boolean {
  const anchored = new Set(entries.map(({ action, subjectSequence }) => `${subjectSequence} ${action}`))
  return acts.every(({ sequence, type }) => anchored.has(`${sequence} ${type}`))
}

/** Only the gap of the sealed copy is read: it holds the signature with its certificates. */
async function sealCertificates({ blobs }: EvidenceDeps, { sealedKey, byteRange: [, before, after] }: Sealed): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of await blobs.read(sealedKey, { start: before + 1, end: after - 2 })) chunks.push(chunk as Buffer)
  try {
    const { certificates } = readCms(Buffer.from(Buffer.concat(chunks).toString('latin1'), 'hex'))
    return certificates.map((certificate) => certificate.toString()).join('')
  } catch {
    // A seal that was altered: verifying the bundle will name it.
    return ''
  }
}

async function judgements({ documentResults }: EvidenceDeps, record: EnvelopeRecord, { sha256 }: Sealed) {
  const of = async (content: string, version: string): Promise<unknown> => {
    const result = await documentResults.read({ sha256: content, stage: 'signatures', version })
    return result && 'value' in result ? result.value : null
  }
  const [original, sealed] = await Promise.all([of(record.documentSha256, record.documentVersion), of(sha256, analyserVersion)])
  return { analyser: analyserVersion, original, sealed }
}

/** Of a hold only that it is there: why is for admins. */
export function retentionFacts(record: RetentionRecord | null) {
  if (!record) return { class: null, startsAt: null, endsAt: null, legalHold: false }
  const { class: name, startsAtMs, endsAtMs, hold } = record
  return {
    class: name,
    startsAt: new Date(startsAtMs).toISOString(),
    endsAt: endsAtMs === null ? null : new Date(endsAtMs).toISOString(),
    legalHold: hold !== null,
  }
}

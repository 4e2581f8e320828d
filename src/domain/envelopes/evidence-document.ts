// The evidence of a document that was in no envelope: its bytes, its facts, what was found, and its entries in the trail.
import type { AuditEntry } from '../../contracts/audit.ts'
import { MINUTE_MS } from '../../lib/durations.ts'
import type { DocumentRecord } from '../document-ports.ts'
import type { EvidenceFile } from '../evidence-ports.ts'
import { trailPart } from './evidence-audit.ts'
import { finishBundle, jsonFile, requireStored, textFile } from './evidence-bundle.ts'
import type { EvidenceDeps } from './evidence-deps.ts'
import { retentionFacts } from './evidence.ts'

const trailPatienceMs = 10 * MINUTE_MS

/** The files, the PDF by where it lies. Throws `evidence_not_ready` while the audit trail has not taken the document's end, and EvidenceDamaged. */
export async function buildDocumentEvidence(deps: EvidenceDeps, record: DocumentRecord): Promise<EvidenceFile[]> {
  const { id, sha256, bytes, storageKey, version, status, pages = null, createdAtMs, endedAtMs = createdAtMs } = record
  const pdf: EvidenceFile = { name: 'document.pdf', content: { key: storageKey, bytes, sha256 } }
  await requireStored(deps.blobs, [pdf])
  const [retention, found] = await Promise.all([
    deps.retention.read(id),
    deps.documentResults.read({ sha256, stage: 'signatures', version }),
  ])
  const wish = {
    subjects: [`document:${id}`, `retention:${id}`],
    sinceMs: createdAtMs,
    isComplete: (entries: readonly AuditEntry[]) => entries.some(({ action }) => action === `document.${status}`),
  }
  const trail = await trailPart(deps, wish, deps.clock.nowMs() - endedAtMs > trailPatienceMs)
  const facts = { id, sha256, bytes, pages, status, analyser: version, createdAt: timeOf(createdAtMs), endedAt: timeOf(endedAtMs) }
  return finishBundle(deps, 'document', id, [
    pdf,
    jsonFile('document.json', facts),
    textFile('audit.ndjson', trail.lines),
    ...(trail.checkpoint === null ? [] : [textFile('checkpoint.jws', `${trail.checkpoint}\n`)]),
    jsonFile('signatures.json', { analyser: version, document: found && 'value' in found ? found.value : null }),
    jsonFile('retention.json', retentionFacts(retention)),
  ])
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

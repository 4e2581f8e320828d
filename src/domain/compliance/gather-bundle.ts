// The evidence bundle, made and verified in memory as its reader would; remembered for the same bytes, acts and entries.
import { AppError, RetryLater } from '../../errors.ts'
import type { DocumentRecord } from '../document-ports.ts'
import { buildEvidence } from '../envelopes/evidence.ts'
import { EvidenceDamaged, loadEvidence } from '../envelopes/evidence-bundle.ts'
import { buildDocumentEvidence } from '../envelopes/evidence-document.ts'
import { verifyEvidence } from '../envelopes/evidence-verify.ts'
import type { EvidenceFile } from '../evidence-ports.ts'
import type { ComplianceWorkDeps } from './deps.ts'
import { digestOf } from './evaluate.ts'
import type { BundleFacts, ObjectFacts } from './facts.ts'
import type { Waiting } from './gather-bytes.ts'
import type { FoundEnvelope } from './gather-envelope.ts'
import type { Trail } from './gather-trail.ts'
import { lookAgainMs } from './policy.ts'
import { versionOf } from './view.ts'

/** What the bundle is made of. */
export type BundleParts = {
  document: DocumentRecord
  envelope: FoundEnvelope | null
  objects: readonly ObjectFacts[]
  trail: Trail
}

/** A bug and a part that is away look the same here: after so many tries the bundle is left out, and nothing is said of it. */
const triesAllowed = 3

/** Throws RetryLater while the trail lags, and for what may pass. */
export async function lookAtBundle(deps: ComplianceWorkDeps, parts: BundleParts, waiting: Waiting): Promise<BundleFacts> {
  const { envelope, objects, trail } = parts
  if (envelope && envelope.record.status !== 'completed') return { state: 'skipped', detail: 'its envelope is not completed', files: 0 }
  const lost = objects.find(({ state }) => state !== 'stored')
  if (lost?.state === 'missing') return { state: 'failed', detail: 'bytes that belong to it are gone', files: 0 }
  if (lost) return { state: 'skipped', detail: 'the store could not be reached', files: 0 }
  if (trail.facts.state === 'broken') return { state: 'failed', detail: 'the audit trail is broken', files: 0 }
  const key = keyOf(deps, parts)
  const known = await deps.examinations.read(key)
  if (isBundleFacts(known)) return known
  const { found, isVerifiers } = await produce(deps, parts, waiting)
  if (isVerifiers) await deps.examinations.write(key, found, deps.clock.nowMs())
  return found
}

/** Everything that its verification depends on. */
function keyOf({ ruleSet, software }: ComplianceWorkDeps, { document, envelope, objects, trail }: BundleParts): string {
  return digestOf({
    kind: 'bundle',
    subject: envelope?.record.id ?? document.id,
    head: envelope?.record.actsHead ?? null,
    acts: envelope ? digestOf(envelope.acts) : null,
    objects: objects.map(({ sha256 }) => sha256),
    entries: trail.entries.map(({ hash }) => hash),
    state: trail.facts.state,
    rules: versionOf(ruleSet),
    software,
  })
}

function isBundleFacts(value: unknown): value is BundleFacts {
  return typeof value === 'object' && value !== null && 'state' in value && (value.state === 'verified' || value.state === 'failed')
}

/** `isVerifiers`: the verifier said so of the whole bundle. Whatever else stands in the way may pass, and is not remembered. */
async function produce(
  deps: ComplianceWorkDeps,
  parts: BundleParts,
  waiting: Waiting,
): Promise<{ found: BundleFacts; isVerifiers: boolean }> {
  try {
    const files = await build(deps, parts)
    const loaded = await loadEvidence(deps.blobs, files)
    if (loaded) return { found: verified(loaded), isVerifiers: true }
    const found = { state: 'skipped', detail: 'it is too large to be verified in memory', files: files.length } as const
    return { found, isVerifiers: false }
  } catch (error) {
    return { found: obstacleOf(deps, error, waiting), isVerifiers: false }
  }
}

function verified(loaded: Parameters<typeof verifyEvidence>[0]): BundleFacts {
  const { ok, looks } = verifyEvidence(loaded)
  const faults = looks.filter((look) => look.ok === false).map(({ file, what }) => `${file}: ${what}`)
  return ok
    ? { state: 'verified', detail: null, files: loaded.size }
    : { state: 'failed', detail: faults.join('; ').slice(0, 200), files: loaded.size }
}

/** Throws RetryLater for the trail, and the error itself while it may pass. */
function obstacleOf(deps: ComplianceWorkDeps, error: unknown, { record, run }: Waiting): BundleFacts {
  if (run.signal.aborted) throw new RetryLater('aborted', 0)
  if (error instanceof AppError && error.code === 'evidence_not_ready') {
    const isLate = deps.clock.nowMs() - record.dueAtMs >= deps.ruleSet.policy.trailPatienceSeconds.value * 1_000
    if (!isLate) throw new RetryLater('evidence_not_ready', lookAgainMs)
    return { state: 'skipped', detail: 'the audit trail has not taken everything yet', files: 0 }
  }
  if (error instanceof AppError && error.code === 'envelope_purged')
    return { state: 'failed', detail: 'its time was over and it was removed', files: 0 }
  if (error instanceof AppError || run.tries < triesAllowed) throw error
  if (error instanceof EvidenceDamaged) return { state: 'failed', detail: error.message, files: 0 }
  return { state: 'skipped', detail: 'it cannot be made', files: 0 }
}

function build(deps: ComplianceWorkDeps, { document, envelope }: BundleParts): Promise<EvidenceFile[]> {
  return envelope ? buildEvidence(deps, envelope.record) : buildDocumentEvidence(deps, document)
}

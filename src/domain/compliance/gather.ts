// Gathers the facts of one check: what changes with time is looked at anew each time, what the bytes hold is examined once.
import { preflightReport, textReport } from '../../contracts/document-parts.ts'
import { RetryLater } from '../../errors.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { CheckRecord, TrustList } from '../compliance-ports.ts'
import type { DocumentRecord } from '../document-ports.ts'
import { foundBy } from '../documents/view.ts'
import { isRetentionClass, minimumEnd } from '../retention/classes.ts'
import type { RetentionRecord } from '../retention-ports.ts'
import type { Run } from '../verification/deliver.ts'
import { declaredOf } from './declared.ts'
import type { ComplianceWorkDeps } from './deps.ts'
import { findClaims, readClauses } from './detectors.ts'
import type { CheckFacts, DocumentFacts, ObjectFacts, RetentionFacts, SystemFacts, TextFacts } from './facts.ts'
import { lookAtBundle } from './gather-bundle.ts'
import { lookAtBytes, type Waiting } from './gather-bytes.ts'
import { envelopeFacts, peopleOf, readEnvelope, type FoundEnvelope } from './gather-envelope.ts'
import { examineSubject } from './gather-examination.ts'
import { examinationFacts, signatureFacts } from './gather-signatures.ts'
import { documentTrail, entriesOf, envelopeTrail, withoutOvertaken, type Trail } from './gather-trail.ts'
import { lookAgainMs } from './policy.ts'

export type Gathered = { facts: CheckFacts; cached: boolean; document: DocumentRecord }

/** Null when the document is there no more. Throws RetryLater for what is on its way or away; after a while it goes on without. */
export async function gatherFacts(deps: ComplianceWorkDeps, record: CheckRecord, run: Run): Promise<Gathered | null> {
  const waiting: Waiting = { record, run }
  const document = (await deps.documents.read(record.documentId)) ?? (await deps.documentRows.read(record.documentId))
  if (!document) return null
  const { envelope, trail } = await lookAtTrail(deps, document, waiting)
  const place = subjectOf(document, envelope)
  const subject = { ...(await lookAtBytes(deps, place.key, place.sha256, waiting)), what: place.what }
  const original = place.what === 'document' ? subject : await lookAtBytes(deps, document.storageKey, document.sha256, waiting)
  const printed = await certificateOf(deps, envelope, waiting)
  const revision = envelope ? `${envelope.record.id} ${envelope.record.sequence}` : 'none'
  const outcome =
    subject.sha256 === null ? null : await examineSubject(deps, record.id, { key: place.key, sha256: subject.sha256, revision }, run)
  const examined = outcome?.examined ?? null
  const nowMs = deps.clock.nowMs()
  const { record: held } = envelope ?? {}
  const around = {
    people: held ? peopleOf(deps.keyring, held) : null,
    sealCertificateSha256: held?.seal?.certificateSha256 ?? null,
    platformCertificates: platformCertificates(deps, nowMs),
    trustList: deps.trustList,
    receivedAtMs: held?.endedAtMs ?? document.createdAtMs,
  }
  const facts: CheckFacts = {
    evaluatedAt: timeOf(nowMs),
    ...declaredOf(record, envelope && sentOf(envelope)),
    document: documentFacts(document),
    subject,
    original: { state: original.state, recordedSha256: original.recordedSha256, sha256: original.sha256 },
    examination: examinationFacts(examined),
    signatures: signatureFacts(examined, around),
    envelope: envelope && envelopeFacts(deps.keyring, envelope, trail),
    trail: trail.facts,
    bundle: await lookAtBundle(deps, { document, envelope, objects: [subject, original, ...printed], trail }, waiting),
    retention: await retentionOf(deps, document, envelope),
    system: await systemOf(deps, place.key, waiting),
    text: await textOf(deps, document),
    trustList: listFacts(deps.trustList, nowMs),
    claims: findClaims({ ...deps.ownTexts, 'report of checks': reportTexts(deps.ruleSet) }, deps.ruleSet),
    hasResponsiblePerson: deps.hasResponsiblePerson,
  }
  return { facts, cached: outcome?.cached ?? false, document }
}

/** Entries first, then acts: what is in the trail is in the acts then. */
async function lookAtTrail(
  deps: ComplianceWorkDeps,
  document: DocumentRecord,
  waiting: Waiting,
): Promise<{ envelope: FoundEnvelope | null; trail: Trail }> {
  const held = await deps.envelopes.ofDocument(document.id)
  const own = await entriesOf(deps, held ? held.id : `document:${document.id}`)
  const envelope = held && (await readEnvelope(deps, held.id))
  const trail = envelope
    ? await envelopeTrail(deps, own, envelope.acts, envelope.record.createdAtMs)
    : await documentTrail(deps, own, document.createdAtMs)
  if (trail.facts.state === 'behind' || trail.facts.state === 'none') waitFor(deps, waiting, 'trail_behind')
  return { envelope, trail: withoutOvertaken(trail) }
}

/** Throws RetryLater until the check is due for as long as the rule set waits for the trail. */
function waitFor({ clock, ruleSet }: ComplianceWorkDeps, { record }: Waiting, what: string): void {
  const patienceMs = ruleSet.policy.trailPatienceSeconds.value * SECOND_MS
  if (clock.nowMs() - record.dueAtMs < patienceMs) throw new RetryLater(what, lookAgainMs)
}

function subjectOf(document: DocumentRecord, envelope: FoundEnvelope | null): { what: 'sealed' | 'document'; key: string; sha256: string } {
  const seal = envelope?.record.status === 'completed' ? envelope.record.seal : undefined
  if (seal?.sealedKey !== undefined && seal.sha256 !== undefined) return { what: 'sealed', key: seal.sealedKey, sha256: seal.sha256 }
  return { what: 'document', key: document.storageKey, sha256: document.sha256 }
}

/** The certificate's file of a sealed envelope, which belongs to its evidence. */
async function certificateOf(deps: ComplianceWorkDeps, envelope: FoundEnvelope | null, waiting: Waiting): Promise<ObjectFacts[]> {
  const { certificateKey, certificateFileSha256 = '' } = (envelope?.record.status === 'completed' && envelope.record.seal) || {}
  return certificateKey === undefined ? [] : [await lookAtBytes(deps, certificateKey, certificateFileSha256, waiting)]
}

function sentOf({ record: { requiredClass, declarations }, acts }: FoundEnvelope): Parameters<typeof declaredOf>[1] {
  const sent = acts.find(({ type }) => type === 'envelope.sent')
  return { requiredClass, declarations, isKindDeclared: sent?.facts['documentKindDeclared'] !== false }
}

function documentFacts({ id, status, reason, createdAtMs }: DocumentRecord): DocumentFacts {
  return { id, status, reason: reason ?? null, receivedAt: timeOf(createdAtMs) }
}

function platformCertificates({ sealingKey }: ComplianceWorkDeps, nowMs: number): string[] {
  const standing = sealingKey.standing(nowMs)
  return standing.ready ? [standing.certificate.sha256] : []
}

async function retentionOf(
  deps: ComplianceWorkDeps,
  document: DocumentRecord,
  envelope: FoundEnvelope | null,
): Promise<RetentionFacts | null> {
  // For how long its document is kept says nothing of an envelope.
  const kept = await deps.retention.read(envelope ? envelope.record.id : document.id)
  return kept && retentionFacts(kept)
}

function retentionFacts({ class: name, startsAtMs, endsAtMs, hold, purgedAtMs }: RetentionRecord): RetentionFacts {
  const minimumMs = isRetentionClass(name) ? minimumEnd(name, startsAtMs) : null
  return {
    class: name,
    isKnownClass: isRetentionClass(name),
    endsAt: endsAtMs === null ? null : timeOf(endsAtMs),
    minimumEndsAt: minimumMs === null ? null : timeOf(minimumMs),
    isHeld: hold !== null,
    purgedAt: purgedAtMs === null ? null : timeOf(purgedAtMs),
  }
}

/** The first sweep begins soon after the first start: that is waited for. */
async function systemOf(deps: ComplianceWorkDeps, key: string, waiting: Waiting): Promise<SystemFacts> {
  const [sweep, look] = await Promise.all([deps.integrity.latest(), deps.integrity.lookAt(key)])
  if (!sweep) waitFor(deps, waiting, 'sweep_missing')
  return {
    software: deps.software,
    sweep: sweep && {
      id: sweep.id,
      endedAt: timeOf(sweep.endedAtMs ?? sweep.startedAtMs),
      objects: sweep.objects,
      failed: sweep.failed,
      clockOffsetMs: sweep.clockOffsetMs,
      software: sweep.software,
    },
    look: look && { at: timeOf(look.atMs), outcome: look.outcome },
  }
}

async function textOf({ documentResults, ruleSet }: ComplianceWorkDeps, document: DocumentRecord): Promise<TextFacts> {
  const { sha256, version } = document
  const [text, looked] = await Promise.all([
    foundBy(documentResults, document, 'text'),
    documentResults.read({ sha256, stage: 'preflight', version }),
  ])
  const [found, preflight] = [textReport.safeParse(text), preflightReport.safeParse(looked && 'value' in looked ? looked.value : null)]
  const images = preflight.success ? preflight.data.images : null
  return found.success ? readClauses(found.data, images, ruleSet) : { isRead: false, inkClauses: [], kindHints: [] }
}

/** What a report says whatever was found. */
function reportTexts({ disclaimer, rules }: ComplianceWorkDeps['ruleSet']): string {
  return [disclaimer, ...rules.flatMap(({ title, remedy }) => [title, remedy])].join('\n')
}

function listFacts(list: TrustList | null, nowMs: number): CheckFacts['trustList'] {
  return list && { version: list.version, isStale: list.nextUpdateMs < nowMs }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

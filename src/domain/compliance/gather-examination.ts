// What the sandbox says of the bytes: once for the same content, envelope, rules, list and examiner; sealed where it is kept, since certificates name people.
import { examination as examinationShape, type Examination } from '../../contracts/examination.ts'
import { RetryLater } from '../../errors.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Inspection } from '../upload-ports.ts'
import type { Run } from '../verification/deliver.ts'
import type { ComplianceWorkDeps } from './deps.ts'
import { digestOf } from './evaluate.ts'
import { hashOf } from './gather-bytes.ts'
import { killKeptMs, killsBelieved } from './policy.ts'
import { versionOf } from './view.ts'

/** `killed`: the child process did not survive it. */
export type Examined =
  | { kind: 'ok'; examination: Examination }
  | { kind: 'partial'; examination: Examination; reason: string }
  | { kind: 'rejected'; reason: string }
  | { kind: 'killed'; reason: string; atMs: number }

/** What is examined; `revision` names the envelope as it is. */
export type Subject = { key: string; sha256: string; revision: string }

type ExamineDeps = Pick<
  ComplianceWorkDeps,
  'clock' | 'keyring' | 'examinations' | 'examiner' | 'trustList' | 'ruleSet' | 'documentFiles' | 'blobs'
>

/**
 * From the cache, else by a child process. What an earlier run of the same check examined is no earlier examination. Throws RetryLater when the bytes changed meanwhile, and
 * when this run is to stop.
 */
export async function examineSubject(
  deps: ExamineDeps,
  checkId: string,
  subject: Subject,
  run: Run,
): Promise<{ examined: Examined; cached: boolean }> {
  const key = keyOf(deps, subject)
  const known = await readKept(deps, key)
  if (known) return { examined: known.examined, cached: known.checkId !== checkId }
  const examined = await examineAnew(deps, subject, run)
  const now = await hashOf(deps, subject.key, run.signal)
  if (now !== subject.sha256) throw new RetryLater('bytes_changed', SECOND_MS)
  const value = deps.keyring.seal({ kind: 'examination', id: key }, 8.64e15, JSON.stringify(examined))
  await deps.examinations.write(key, { sealed: value, checkId }, deps.clock.nowMs())
  return { examined, cached: false }
}

function keyOf({ ruleSet, trustList, examiner }: ExamineDeps, { sha256, revision }: Subject): string {
  return digestOf({ sha256, revision, rules: versionOf(ruleSet), list: trustList?.version ?? null, examiner: examiner.version })
}

/** Null when there is none, or it can be read no more, or it is a crash that is not believed any more. */
async function readKept(
  { examinations, keyring, clock }: ExamineDeps,
  key: string,
): Promise<{ examined: Examined; checkId: unknown } | null> {
  const kept = await examinations.read(key)
  if (typeof kept !== 'object' || kept === null || !('sealed' in kept) || typeof kept.sealed !== 'string') return null
  const opened = keyring.open({ kind: 'examination', id: key }, kept.sealed)
  if (!opened) return null
  const examined = JSON.parse(opened.plaintext) as Examined
  if (examined.kind === 'killed' && clock.nowMs() - examined.atMs > killKeptMs) return null
  if ('examination' in examined && !examinationShape.safeParse(examined.examination).success) return null
  return { examined, checkId: 'checkId' in kept ? kept.checkId : null }
}

async function examineAnew(deps: ExamineDeps, { key }: Subject, run: Run): Promise<Examined> {
  const trustedCertificates = (deps.trustList?.providers ?? []).flatMap(({ certificates }) => certificates)
  return deps.documentFiles.withStored(key, run.signal, async (path) => {
    for (let kills = 1; ; kills++) {
      const nowMs = deps.clock.nowMs()
      const inspection = await deps.examiner.examine(path, { trustedCertificates, nowMs }, run.signal)
      // A child that ended because we are to stop says nothing about the file.
      if (run.signal.aborted) throw new RetryLater('aborted', 0)
      const examined = examinedOf(inspection, nowMs)
      if (examined.kind !== 'killed' || kills >= killsBelieved) return examined
    }
  })
}

function examinedOf(inspection: Inspection<Examination>, nowMs: number): Examined {
  switch (inspection.kind) {
    case 'ok':
      return { kind: 'ok', examination: inspection.value }
    case 'partial':
      return { kind: 'partial', examination: inspection.value, reason: inspection.reason }
    case 'rejected':
      return { kind: 'rejected', reason: inspection.reason }
    case 'crashed':
    case 'timeout':
    case 'memory':
      return { kind: 'killed', reason: inspection.kind, atMs: nowMs }
  }
}

// Finalising an upload, in a worker: assemble, digest, sniff, scan, move, record. Every stage may be run again; a worker that takes over goes on after
// the last one that is recorded.
import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import type { RejectionReason } from '../../contracts/upload.ts'
import { RetryLater } from '../../errors.ts'
import { backoffMs } from '../../lib/backoff.ts'
import { DAY_MS } from '../../lib/durations.ts'
import type { Run } from '../verification/deliver.ts'
import { BlobDamaged, finaliseStages, type FinaliseClaim, type FinaliseStage, type StageFacts, type UploadRecord } from '../upload-ports.ts'
import type { UploadWorkDeps } from './deps.ts'
import { judgeType } from './judge-type.ts'
import { openFacts } from './metadata.ts'
import { scanPatienceMs } from './policy.ts'

type Claimed = Extract<FinaliseClaim, { kind: 'go' }>
type StageOutcome = { kind: 'done'; facts?: StageFacts } | { kind: 'rejected'; reason: RejectionReason }
type Stage = (deps: UploadWorkDeps, claimed: Claimed, run: Run) => Promise<StageOutcome>

/**
 * Brings an upload whose bytes are all there to its end: stored, rejected or failed. Throws RetryLater when a part of the service is away. Does nothing for
 * one that has ended or that another run has taken over.
 */
export async function finaliseUpload(deps: UploadWorkDeps, id: string, run: Run): Promise<{ outcome: string; requestId?: string }> {
  const claimed = await deps.uploads.claimFinalise(id, run.fence, deps.clock.nowMs())
  if (claimed.kind === 'done') return { outcome: claimed.status }
  const { requestId } = claimed.record
  try {
    return { outcome: await runStages(deps, claimed, run), requestId }
  } catch (error) {
    if (error instanceof RetryLater) throw error
    if (!(error instanceof BlobDamaged)) throw laterOrFailed(deps, claimed.record, error, run)
    const isOurs = await deps.uploads.settle(id, run.fence, { kind: 'failed', reason: 'bytes_missing' }, deps.clock.nowMs())
    return { outcome: isOurs ? 'failed' : 'stale', requestId }
  }
}

/** Storage, Postgres or a neighbour is away: that is waited for, a day at most; then it is the fault that it looks like. */
function laterOrFailed(deps: UploadWorkDeps, record: UploadRecord, error: unknown, run: Run): unknown {
  if (deps.clock.nowMs() - record.createdAtMs > DAY_MS) return error
  const word = error instanceof Error ? ('code' in error ? String(error.code) : error.name) : 'unknown'
  return new RetryLater(run.signal.aborted ? 'aborted' : `failed_${word}`, backoffMs(run.backoff, run.tries), { cause: error })
}

async function runStages(deps: UploadWorkDeps, claimed: Claimed, run: Run): Promise<string> {
  const { id } = claimed.record
  let { record } = claimed
  for (const name of remainingStages(record)) {
    run.signal.throwIfAborted()
    const outcome = await stages[name](deps, { ...claimed, record }, run)
    if (outcome.kind === 'rejected') return reject(deps, record, outcome.reason, run)
    const sequence = await deps.uploads.noteStage(id, run.fence, name, outcome.facts ?? {}, deps.clock.nowMs())
    if (sequence === 0) return 'stale'
    record = { ...record, ...outcome.facts, stage: name, sequence }
  }
  return (await deps.uploads.settle(id, run.fence, { kind: 'stored' }, deps.clock.nowMs())) ? 'stored' : 'stale'
}

function remainingStages({ stage }: UploadRecord): readonly FinaliseStage[] {
  return stage === undefined ? finaliseStages : finaliseStages.slice(finaliseStages.indexOf(stage) + 1)
}

async function reject(deps: UploadWorkDeps, record: UploadRecord, reason: RejectionReason, run: Run): Promise<string> {
  if (!(await deps.uploads.settle(record.id, run.fence, { kind: 'rejected', reason }, deps.clock.nowMs()))) return 'stale'
  // Now if that can be done; else the sweep does it, which was told in the same step.
  await deps.blobs.discard(record.key, {}).catch(() => {})
  return 'rejected'
}

const stages: Readonly<Record<FinaliseStage, Stage>> = {
  assemble: async (deps, { record, blob, parts }, { signal }) => {
    const sources = record.concat === 'final' ? parts : [{ key: record.key, blob }]
    await deps.blobs.assemble(record.key, record.offset, sources, signal)
    return { kind: 'done' }
  },

  digest: async (deps, { record }, { signal }) => {
    const { sha256, bytes } = await digest(deps, record.key, signal)
    if (bytes !== record.length) throw new BlobDamaged(`the object has ${bytes} bytes instead of ${record.length}`)
    const expected = openFacts(deps.keyring, record.id, record.sealed).sha256
    return expected === undefined || expected === sha256
      ? { kind: 'done', facts: { sha256 } }
      : { kind: 'rejected', reason: 'checksum_mismatch' }
  },

  sniff: async (deps, { record }, { signal, tries, backoff }) => {
    const found = await deps.blobs.withSample(record.key, record.offset, (path) => deps.sniffer.sniff(path, signal))
    if (found.kind === 'ok') {
      const verdict = judgeType(found.value, openFacts(deps.keyring, record.id, record.sealed))
      return verdict.kind === 'accepted'
        ? { kind: 'done', facts: { mediaType: verdict.mediaType } }
        : { kind: 'rejected', reason: verdict.reason }
    }
    signal.throwIfAborted()
    // Once may be the machine's fault; a file that brings the sniffer down twice is not taken.
    if (found.kind !== 'rejected' && tries < 2) throw new RetryLater(`sniffer_${found.kind}`, backoffMs(backoff, tries))
    return { kind: 'rejected', reason: 'type_not_allowed' }
  },

  scan: async (deps, { record }, { signal, tries, backoff }) => {
    const scanned = await deps.scanner.scan(await deps.blobs.readHeld(record.key), record.offset, signal)
    signal.throwIfAborted()
    const isPatient = deps.clock.nowMs() - record.createdAtMs < scanPatienceMs
    if (scanned.verdict === 'unavailable' && isPatient) throw new RetryLater('scanner_away', backoffMs(backoff, tries))
    if (scanned.verdict === 'infected') return { kind: 'rejected', reason: 'infected' }
    if (scanned.verdict === 'clean') return { kind: 'done', facts: { scan: 'clean' } }
    return deps.isUnscannedAllowed ? { kind: 'done', facts: { scan: 'not_scanned' } } : { kind: 'rejected', reason: 'not_scanned' }
  },

  move: async (deps, { record }) => {
    await deps.blobs.promote(record.key, record.offset)
    return { kind: 'done' }
  },

  record: async (deps, { record }) => {
    const { id, owner, isAnonymous, session, key, uploadType, chunks, sealed, createdAtMs } = record
    const { sha256 = '', mediaType = '', scan = 'not_scanned' } = record
    const facts = { id, owner, isAnonymous, session, key, uploadType, chunks, sealed, createdAtMs, sha256, mediaType, scan }
    // Two more changes are to come: this stage's and the last one's.
    await deps.storedUploads.insert({ ...facts, bytes: record.offset, sequence: record.sequence + 2, storedAtMs: deps.clock.nowMs() })
    return { kind: 'done' }
  },
}

async function digest(deps: UploadWorkDeps, key: string, signal: AbortSignal): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256')
  let bytes = 0
  await pipeline(
    await deps.blobs.readHeld(key),
    async (source: AsyncIterable<Buffer>) => {
      for await (const chunk of source) {
        hash.update(chunk)
        bytes += chunk.length
      }
    },
    { signal },
  )
  return { sha256: hash.digest('hex'), bytes }
}

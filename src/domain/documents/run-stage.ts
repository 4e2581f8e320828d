// One stage of a document, in a worker: claim, look whether the same bytes were seen before, else run it in the sandbox, keep the result, settle.
// What each stage does is stages.ts'. A file that brings its process down twice is quarantined.
import type { DocumentStage } from '../../contracts/document.ts'
import { RetryLater } from '../../errors.ts'
import { backoffMs } from '../../lib/backoff.ts'
import type { DocumentRecord, ResultKey, StageResult, StageVerdict } from '../document-ports.ts'
import { enqueueSoon } from '../verification/enqueue-soon.ts'
import type { Run } from '../verification/deliver.ts'
import type { DocumentWorkDeps } from './deps.ts'
import { recordJob, stageJob } from './jobs.ts'
import { judgementKeptMs, killKeptMs, killsForQuarantine, patienceMs } from './policy.ts'
import type { StageCall } from './stage-call.ts'
import { stages } from './stages.ts'

/** Does a stage, or what is left of it, and says in a word how it ended. Throws RetryLater when it is to be run again. */
export async function runDocumentStage(
  deps: DocumentWorkDeps,
  id: string,
  stage: DocumentStage,
  run: Run,
): Promise<{ outcome: string; requestId?: string }> {
  const claim = await deps.documents.claimStage(id, stage, run.fence, deps.clock.nowMs())
  if (claim.kind === 'done') return { outcome: claim.word }
  const { record } = claim
  try {
    const verdict = await judge(deps, { record, stage, run })
    return { outcome: await settle(deps, record, stage, verdict, run), requestId: record.requestId }
  } catch (error) {
    throw laterOrFault(deps, record, error, run)
  }
}

/** Storage, Postgres or a neighbour is away: that is waited for, a day at most; then it is the fault that it looks like. */
function laterOrFault(deps: DocumentWorkDeps, record: DocumentRecord, error: unknown, run: Run): unknown {
  if (error instanceof RetryLater || deps.clock.nowMs() - record.createdAtMs > patienceMs) return error
  const word = error instanceof Error ? ('code' in error ? String(error.code) : error.name) : 'unknown'
  return new RetryLater(run.signal.aborted ? 'aborted' : `failed_${word}`, backoffMs(run.backoff, run.tries), { cause: error })
}

async function judge(deps: DocumentWorkDeps, call: StageCall): Promise<StageVerdict> {
  const { record, stage, run } = call
  const work = stages[stage]
  const key: ResultKey = { sha256: record.sha256, stage, version: record.version }
  const known = await deps.documentResults.reusable(key, deps.clock.nowMs())
  const result = known ?? (await work.run(deps, call))
  run.signal.throwIfAborted()
  if (known === null) {
    if (result.kind === 'killed') await countKill(deps, call, result.reason)
    await keep(deps, key, result)
  }
  const verdict = verdictOf(stage, result)
  const extra = work.finish && verdict.status !== 'quarantined' ? await work.finish(deps, call, result) : {}
  return { ...verdict, ...extra }
}

/** Throws RetryLater the first time. */
async function countKill(deps: DocumentWorkDeps, { record, stage, run }: StageCall, reason: string): Promise<void> {
  const kills = await deps.documents.noteKill(record.id, stage, run.fence, deps.clock.nowMs())
  if (kills < killsForQuarantine) throw new RetryLater(`killed_${reason}`, backoffMs(run.backoff, run.tries))
}

async function keep(deps: DocumentWorkDeps, key: ResultKey, result: StageResult): Promise<void> {
  const keptMs = result.kind === 'killed' ? killKeptMs : key.stage === 'signatures' ? judgementKeptMs : undefined
  await deps.documentResults.write(key, result, deps.clock.nowMs(), keptMs)
}

function verdictOf(stage: DocumentStage, result: StageResult): StageVerdict {
  switch (result.kind) {
    case 'ok':
      return { status: 'done' }
    case 'partial':
      return { status: 'partial', reason: result.reason }
    case 'rejected':
      return { status: stage === 'preflight' ? 'rejected' : 'failed', reason: result.reason }
    case 'killed':
      return { status: 'quarantined', reason: `${stage}_${result.reason}` }
  }
}

async function settle(
  deps: DocumentWorkDeps,
  record: DocumentRecord,
  stage: DocumentStage,
  verdict: StageVerdict,
  run: Run,
): Promise<string> {
  const settled = await deps.documents.settleStage(record.id, stage, run.fence, verdict, deps.clock.nowMs())
  if (settled.kind === 'stale') return 'stale'
  await Promise.all(settled.next.map((next) => enqueueSoon(deps, stageJob(record.id, next))))
  if (settled.ended) await enqueueSoon(deps, recordJob(record.id))
  return verdict.status
}

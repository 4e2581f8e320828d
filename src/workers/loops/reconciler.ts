// Makes good what a crash left: an intent without a job gets its job, a job that ended without settling is settled, what is past its time ends.
import type { DocumentStore } from '../../domain/document-ports.ts'
import { stageOfJob } from '../../domain/documents/jobs.ts'
import type { JobRequest, StoredIntent, Telemetry, UpkeepStore } from '../../domain/ports.ts'
import type { UploadStore } from '../../domain/upload-ports.ts'
import { AppError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Log } from '../../log.ts'
import { isJobName, registry } from '../../queues/registry.ts'
import { every, type Loop } from './every.ts'

/** What the reconciler asks of the queues. */
export type JobBook = {
  add(job: JobRequest): Promise<void>
  presence(job: JobRequest): Promise<'pending' | 'ended' | 'missing'>
}

export type ReconcilerDeps = {
  upkeep: UpkeepStore
  uploads: Pick<UploadStore, 'abandon'>
  documents: Pick<DocumentStore, 'abandonStage'>
  jobs: JobBook
  clock: Clock
  telemetry: Pick<Telemetry, 'repaired'>
  log: Log
  partitions: number
  owner: string
}

const intervalMs = 2 * SECOND_MS
/** Longer than a step takes, shorter than anybody would wait for the next leader. */
const leaseMs = 8 * SECOND_MS
/** A job that is on its way is looked at again after this long: one that vanished later is found as well. */
const nextLookMs = 10 * SECOND_MS
const unreadLookMs = 60 * SECOND_MS
const batch = 200
/** At most 5,000 expiries of one partition in one pass. */
const expiryRounds = 25

/** Runs in every worker; one at a time does the work. */
export function startReconciler(deps: ReconcilerDeps): Loop {
  return every(
    intervalMs,
    async () => {
      if (!(await deps.upkeep.holdLease('reconciler', deps.owner, leaseMs))) return
      for (let partition = 0; partition < deps.partitions; partition++) {
        await reconcile(deps, partition)
      }
    },
    (error) => {
      // That Redis is away is the connection's to report; the next round comes by itself.
      if (!(error instanceof AppError && error.code === 'service_degraded')) deps.log.warn({ err: error }, 'reconciler')
    },
  )
}

/** One pass over one partition, in bounded batches. Exported for tests. */
export async function reconcile(deps: ReconcilerDeps, partition: number): Promise<void> {
  const nowMs = deps.clock.nowMs()
  const intents = await deps.upkeep.dueIntents(partition, batch, nowMs)
  await Promise.all(intents.map((intent) => inspectOrPostpone(deps, partition, intent)))
  for (let round = 0; round < expiryRounds; round++) {
    const expired = await deps.upkeep.expireDue(partition, batch, nowMs)
    for (let i = 0; i < expired; i++) deps.telemetry.repaired('expired')
    if (expired < batch) return
  }
}

/** An intent that cannot be inspected must not keep the others from it, now or by staying first in line. */
async function inspectOrPostpone(deps: ReconcilerDeps, partition: number, stored: StoredIntent): Promise<void> {
  const { upkeep, clock, log } = deps
  const intent = readIntent(stored)
  // What this version does not understand is left for the one that does.
  if (!intent) return upkeep.postponeIntent(partition, stored.jobId, clock.nowMs() + unreadLookMs)
  try {
    await inspect(deps, partition, { ...intent, jobId: stored.jobId })
  } catch (error) {
    log.warn({ err: error }, 'reconciler: intent')
    await upkeep.postponeIntent(partition, stored.jobId, clock.nowMs() + nextLookMs)
  }
}

async function inspect(
  { upkeep, uploads, documents, jobs, clock, telemetry, log }: ReconcilerDeps,
  partition: number,
  intent: JobRequest & { jobId: string },
): Promise<void> {
  const presence = await jobs.presence(intent)
  // Only verifications, uploads and documents have intents; whatever else is owed has a loop of its own.
  if (presence === 'ended' && 'verificationId' in intent.payload) {
    const { verificationId, attempt } = intent.payload
    await upkeep.abandonAttempt(verificationId, attempt, intent.jobId, 'job_failed', clock.nowMs())
    telemetry.repaired('job_failed')
    log.error({ jobId: intent.jobId }, 'a job ended without settling its attempt')
    return
  }
  if (presence === 'ended' && 'uploadId' in intent.payload) {
    await uploads.abandon(intent.payload.uploadId, intent.jobId, clock.nowMs())
    telemetry.repaired('job_failed')
    log.error({ jobId: intent.jobId }, 'a job ended without settling its upload')
    return
  }
  const stage = stageOfJob(intent.name)
  if (presence === 'ended' && stage && 'documentId' in intent.payload) {
    await documents.abandonStage(intent.payload.documentId, stage, clock.nowMs())
    telemetry.repaired('job_failed')
    log.error({ jobId: intent.jobId }, 'a job ended without settling its stage')
    return
  }
  if (presence === 'missing') {
    await jobs.add(intent)
    telemetry.repaired('job_missing')
    log.warn({ jobId: intent.jobId }, 'an intent had no job and has one now')
  }
  await upkeep.postponeIntent(partition, intent.jobId, clock.nowMs() + nextLookMs)
}

function readIntent({ name, payload }: StoredIntent): JobRequest | null {
  if (!isJobName(name)) return null
  const parsed = registry[name].payload.safeParse(payload)
  return parsed.success ? { name, payload: parsed.data } : null
}

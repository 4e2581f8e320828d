// One run of a check in a worker: claim, gather, evaluate, print, settle. A run that was superseded changes nothing and leaves no report behind.
import type { ComplianceCheck } from '../../contracts/compliance.ts'
import { RetryLater } from '../../errors.ts'
import { backoffMs } from '../../lib/backoff.ts'
import { partitionOfId } from '../../lib/ids.ts'
import type { CheckRecord } from '../compliance-ports.ts'
import type { DocumentRecord } from '../document-ports.ts'
import { openTitle } from '../documents/title.ts'
import type { NewNotification } from '../notice-ports.ts'
import { notificationFor } from '../notifications/make.ts'
import { notificationWords } from '../notifications/words.ts'
import type { Run } from '../verification/deliver.ts'
import type { ComplianceWorkDeps } from './deps.ts'
import { finishedEvent } from './events.ts'
import { gatherFacts } from './gather.ts'
import { patienceMs } from './policy.ts'
import { reportOf } from './report.ts'
import { openRequester } from './requester.ts'
import { openResultOf, resultOf } from './result.ts'

/** The language of what is said to whoever asked; their own is not known here. */
const locale = 'en'

/** Does a check, or what is left of it, and says in a word how it ended. Throws RetryLater when it is to be run again. */
export async function runCheck(deps: ComplianceWorkDeps, id: string, run: Run): Promise<{ outcome: string; requestId?: string }> {
  const claim = await deps.checks.claim(id, run.fence, deps.clock.nowMs())
  if (claim.kind === 'early') throw new RetryLater('early', claim.waitMs)
  if (claim.kind === 'done') return { outcome: claim.word }
  const { record } = claim
  try {
    return { outcome: await evaluate(deps, record, run), requestId: record.requestId }
  } catch (error) {
    throw laterOf(run, error)
  }
}

async function evaluate(deps: ComplianceWorkDeps, record: CheckRecord, run: Run): Promise<string> {
  try {
    const gathered = await gatherFacts(deps, record, run)
    if (!gathered) return await settle(deps, record, run, openResultOf(record, 'document_gone', deps.clock.nowMs(), deps.ruleSet), null)
    const result = resultOf(record, gathered.facts, gathered.cached, deps.ruleSet)
    return await settle(deps, record, run, result, gathered.document)
  } catch (error) {
    if (deps.clock.nowMs() - record.dueAtMs < patienceMs) throw error
    return settle(deps, record, run, openResultOf(record, wordOf(error), deps.clock.nowMs(), deps.ruleSet), null)
  }
}

/** Parts that are away and bugs are waited for alike: the check ends after a day either way. */
function laterOf(run: Run, error: unknown): RetryLater {
  if (error instanceof RetryLater) return error
  return new RetryLater(run.signal.aborted ? 'aborted' : `failed_${wordOf(error)}`, backoffMs(run.backoff, run.tries), { cause: error })
}

function wordOf(error: unknown): string {
  if (error instanceof RetryLater) return error.message
  return error instanceof Error ? ('code' in error ? String(error.code) : error.name) : 'unknown'
}

async function settle(
  deps: ComplianceWorkDeps,
  record: CheckRecord,
  run: Run,
  result: ComplianceCheck,
  document: DocumentRecord | null,
): Promise<string> {
  const reportKey = await print(deps, record, run, result)
  const nowMs = deps.clock.nowMs()
  const isOurs = await deps.checks.settle(record.id, run.fence, {
    result,
    reportKey,
    event: finishedEvent(result, record.requestId, nowMs),
    notifications: notificationsOf(deps, record, result, document, nowMs),
  })
  if (!isOurs) {
    if (reportKey !== null) await deps.blobs.remove(reportKey)
    return 'stale'
  }
  await removeOthers(deps, record.id, reportKey)
  return result.verdict?.toLowerCase() ?? 'final'
}

/** The readable report, under a name of this run alone. Null when it cannot be kept and that was waited for long enough. */
async function print(deps: ComplianceWorkDeps, record: CheckRecord, run: Run, result: ComplianceCheck): Promise<string | null> {
  const key = `checks/${record.id}/report-${run.fence.jobMs}-${run.fence.starts}`
  try {
    await deps.blobs.write(key, await deps.printer.print(reportOf(result, deps.ruleSet)))
    return key
  } catch (error) {
    if (deps.clock.nowMs() - record.dueAtMs < patienceMs) throw error
    return null
  }
}

/** What runs that died left behind. A check that is final has one report; what cannot be removed now does no harm. */
async function removeOthers({ blobs }: ComplianceWorkDeps, id: string, reportKey: string | null): Promise<void> {
  const keys = await blobs.keysIn(`checks/${id}`).catch(() => [])
  await Promise.all(keys.filter((key) => key !== reportKey).map((key) => blobs.remove(key).catch(() => {})))
}

function notificationsOf(
  { keyring }: ComplianceWorkDeps,
  record: CheckRecord,
  { verdict }: ComplianceCheck,
  document: DocumentRecord | null,
  nowMs: number,
): NewNotification[] {
  const requester = openRequester(keyring, record.id, record.sealed)
  if (!requester || !document) return []
  const words = notificationWords('check_final', locale, {
    title: openTitle(keyring, document.id, document.sealed),
    verdict: verdict ?? '',
  })
  const notification = notificationFor(keyring, {
    audience: { callerKey: requester.key },
    kind: 'check_final',
    subject: record.id,
    ...words,
    ...(requester.email === undefined ? {} : { mailTo: { email: requester.email, locale } }),
    isMailed: false,
    nowMs,
    requestId: record.requestId,
    partition: partitionOfId(record.id),
  })
  return [notification]
}

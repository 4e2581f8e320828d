// Sending one mail that is owed: see whether its reason is still there, claim it, ask the provider, settle. Runs in a worker, possibly more than once; the mail
// leaves at most once, but for an invitation, which is repeated once when nobody knows (reliability, promise 3). What it says is prepare.ts's.
import { AppError, RetryLater } from '../../errors.ts'
import { backoffMs } from '../../lib/backoff.ts'
import { DAY_MS, SECOND_MS } from '../../lib/durations.ts'
import { createId, partitionOfId } from '../../lib/ids.ts'
import type { EnvelopeRecord } from '../envelope-ports.ts'
import type { OutboxEvent } from '../event-ports.ts'
import type { NewNotice, NoticeRecord, NoticeSettlement } from '../notice-ports.ts'
import type { Delivery } from '../ports.ts'
import type { DeliverOutcome, Run } from '../verification/deliver.ts'
import type { NoticeSendDeps } from './deps.ts'
import { enqueueNotices } from './jobs.ts'
import { messageId, prepareNotice, type Prepared } from './prepare.ts'
import { nextReminder } from './reminders.ts'

/** A mail that nobody took for so long comes too late. */
const triedForMs = DAY_MS
const awayMs = 5 * SECOND_MS
/** A run that found all lanes taken stays away for less than this. */
const busyMs = 1.5 * SECOND_MS
/** An invitation whose end is unknown is sent once more; after the second time it counts as sent. */
const invitationTries = 2

/** What is to be written down; `repeat`: nothing, since it is to be sent once more and nobody knows whether it left. */
type Verdict = { settlement: NoticeSettlement | 'repeat'; reason: string; waitMs: number }

/**
 * Sends it unless it was sent before or its reason is gone. Throws RetryLater when it is too early, when the provider surely did not take it, or cannot be asked yet,
 * or Postgres is away.
 */
export async function sendNotice(deps: NoticeSendDeps, id: string, run: Run): Promise<DeliverOutcome> {
  const work = deps.noticeLanes(() => sendNow(deps, id, run))
  if (work === null) throw new RetryLater('busy', backoffMs({ firstMs: busyMs, maxMs: busyMs }, 1))
  return work
}

/** The claim comes last before the provider is asked: what failed before has changed nothing. */
async function sendNow(deps: NoticeSendDeps, id: string, run: Run): Promise<DeliverOutcome> {
  const seen = await reachable(deps.notices.read(id))
  if (!seen) return { outcome: 'missing' }
  const record = seen.envelopeId === null ? null : await reachable(deps.envelopes.read(seen.envelopeId))
  const prepared = await reachable(prepareNotice(deps, seen, record, isTooLate(deps, seen, 0)))
  const claim = await reachable(deps.notices.claim(id, run.fence, deps.clock.nowMs()))
  if (claim.kind === 'early') throw new RetryLater('early', claim.waitMs)
  if (claim.kind === 'done') return { outcome: claim.word }
  const { settlement, reason, waitMs } = await attempt(deps, claim.notice, prepared, run)
  if (settlement === 'repeat') throw new RetryLater(reason, waitMs)
  const isOurs = await settle(deps, claim.notice, record, settlement, run)
  if (isOurs && settlement.kind === 'again') throw new RetryLater(reason, waitMs)
  return { outcome: isOurs ? settlement.kind : 'stale', requestId: claim.notice.requestId }
}

async function attempt(deps: NoticeSendDeps, notice: NoticeRecord, prepared: Prepared, run: Run): Promise<Verdict> {
  const lost = settlementOfLost(deps, notice)
  if (lost) return ending(lost)
  if ('end' in prepared) return ending(prepared.end)
  const startedAt = performance.now()
  const delivery = await deps.mail.send(prepared.mail, run.signal)
  deps.telemetry.sent(deps.mail.name, delivery.kind, (performance.now() - startedAt) / SECOND_MS)
  return verdictOf(deps, notice, delivery, run)
}

function ending(settlement: NoticeSettlement): Verdict {
  return { settlement, reason: '', waitMs: 0 }
}

/** What a try that never said how it ended leaves; null when there was none, or the mail is an invitation that may be sent once more. */
function settlementOfLost({ mail, policy }: NoticeSendDeps, notice: NoticeRecord): NoticeSettlement | null {
  if (notice.unknowns === 0) return null
  if (notice.kind !== 'signature_request') return { kind: 'unknown', reason: 'lost' }
  return notice.unknowns < invitationTries ? null : countedAsSent(mail.name, policy.publicUrl, notice)
}

function verdictOf(deps: NoticeSendDeps, notice: NoticeRecord, delivery: Delivery, run: Run): Verdict {
  if (delivery.kind === 'accepted') return ending({ kind: 'sent', provider: deps.mail.name, reference: delivery.reference })
  const { reason } = delivery
  // Runs that were too early or found no lane are no tries.
  const waitMs = backoffMs(run.backoff, notice.tries, delivery.kind === 'transient' ? delivery.retryAfterMs : 0)
  switch (delivery.kind) {
    case 'permanent':
      return ending({ kind: 'failed', reason })
    case 'transient':
      return { settlement: { kind: isTooLate(deps, notice, waitMs) ? 'failed' : 'again', reason }, reason, waitMs }
    case 'unknown':
      if (notice.kind !== 'signature_request') return ending({ kind: 'unknown', reason })
      // Left as it is: the next run finds a try whose end nobody knows, as it would after a kill.
      if (notice.unknowns + 1 < invitationTries) return { settlement: 'repeat', reason, waitMs }
      return ending(countedAsSent(deps.mail.name, deps.policy.publicUrl, notice))
  }
}

function countedAsSent(provider: string, publicUrl: string, notice: NoticeRecord): NoticeSettlement {
  return { kind: 'sent', provider, reference: messageId(publicUrl, notice) }
}

function isTooLate({ clock }: NoticeSendDeps, { dueAtMs }: NoticeRecord, waitMs: number): boolean {
  return clock.nowMs() + waitMs >= dueAtMs + triedForMs
}

/** Writes down what became of it, its event and the reminder that follows, and queues that. False when another run has taken over. */
async function settle(
  deps: NoticeSendDeps,
  notice: NoticeRecord,
  record: EnvelopeRecord | null,
  settlement: NoticeSettlement,
  run: Run,
): Promise<boolean> {
  const nowMs = deps.clock.nowMs()
  const reminder = record && nextReminder(deps.keyring, notice, record, settlement, nowMs)
  const next: NewNotice[] = reminder ? [reminder] : []
  const isOurs = await reachable(deps.notices.settle(notice.id, run.fence, settlement, eventOf(notice, settlement, nowMs), next, nowMs))
  if (isOurs) await enqueueNotices(deps, next, nowMs)
  return isOurs
}

function eventOf(notice: NoticeRecord, { kind }: NoticeSettlement, atMs: number): OutboxEvent {
  const partition = partitionOfId(notice.id)
  return {
    id: createId('evt', { partition, keyTag: 0, traits: 0 }),
    partition,
    type: `notice.${kind}`,
    subject: `notice:${notice.id}`,
    sequence: notice.tries,
    data: {
      kind: notice.kind,
      ...(notice.envelopeId === null ? {} : { envelopeId: notice.envelopeId }),
      ...(notice.signer === null ? {} : { signer: String(notice.signer) }),
    },
    requestId: notice.requestId,
    actor: '',
    atMs,
  }
}

/** Postgres being away says nothing about the mail: the job waits for it. */
async function reachable<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work
  } catch (error) {
    if (error instanceof AppError && error.code === 'service_degraded') throw new RetryLater('postgres_away', awayMs)
    throw error
  }
}

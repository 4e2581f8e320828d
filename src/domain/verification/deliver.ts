// Delivering one message: claim the attempt, derive the code, talk to the provider, settle. Runs in a worker, possibly more than once.
import { RetryLater } from '../../errors.ts'
import { backoffMs, type Backoff } from '../../lib/backoff.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'
import type { SendAttempt } from '../../queues/send-attempt.ts'
import type { Delivery, DeliverDeps, Fence, MailMessage, Settlement, TextMessage, VerificationRecord } from '../ports.ts'
import { openPersonalData, type PersonalData } from './personal-data.ts'
import { formatReference } from './receipts.ts'
import { deriveCode, deriveLinkToken } from './secrets.ts'

/** One run of the job. `tries` counts from 1; `signal` aborts when the time is over or the worker stops. */
export type Run = { fence: Fence; tries: number; backoff: Backoff; signal: AbortSignal }

/** How a run ended: enough for a log line, nothing personal. `requestId` is that of the request behind it. */
export type DeliverOutcome = { outcome: string; requestId?: string }

/**
 * Sends the attempt's message unless it was sent, superseded, canceled or is too late. Throws RetryLater when the provider surely did not take
 * it and there is time for another try.
 */
export async function deliverAttempt(deps: DeliverDeps, job: SendAttempt, run: Run): Promise<DeliverOutcome> {
  const { verificationId: id, attempt } = job
  const claim = await deps.verifications.claimAttempt(id, attempt, run.fence, deps.clock.nowMs())
  if (claim.kind === 'done') return { outcome: claim.status }
  const { record, requestId } = claim
  const message = await prepareOrGiveBack(deps, record, job, run)
  const { provider, delivery } = await send(deps, record, message, run.signal)
  const settlement = settlementOf(deps, record, provider, delivery, run)
  const settled = await deps.verifications.settleAttempt(id, attempt, run.fence, settlement.settlement, deps.clock.nowMs())
  if (settled === 'repeat') throw new RetryLater(delivery.kind === 'accepted' ? 'accepted' : delivery.reason, settlement.waitMs)
  return { outcome: settled === 'stale' ? 'stale' : settlement.settlement.kind, requestId }
}

/** A message ready to be sent; null when the key of its code has left the ring. */
type Message = { text: TextMessage } | { mail: MailMessage } | null

/** Until the provider is asked nothing can have left: a fault of ours gives the attempt back as it was, and is then reported. */
async function prepareOrGiveBack(deps: DeliverDeps, record: VerificationRecord, job: SendAttempt, run: Run): Promise<Message> {
  try {
    return prepare(deps, record, job.attempt)
  } catch (error) {
    await deps.verifications.settleAttempt(record.id, job.attempt, run.fence, { kind: 'again', reason: 'internal' }, deps.clock.nowMs())
    throw error
  }
}

function prepare(deps: DeliverDeps, record: VerificationRecord, attempt: number): Message {
  const personal = openPersonalData(deps.keyring, record.id, record.sealed)
  const code = deriveCode(deps.keyring, record.id)
  if (!personal || !code) return null
  const facts = factsOf(deps, record, personal, code)
  const reference = formatReference({ verificationId: record.id, attempt })
  const { to, locale, name } = personal
  if (record.channel !== 'email') {
    const statusCallback = `${deps.policy.publicUrl}/v1/callbacks/twilio/status?ref=${reference}`
    return { text: { to, text: deps.templates.text(facts).text, statusCallback } }
  }
  const token = record.method === 'link' ? deriveLinkToken(deps.keyring, record.id) : null
  const mail = deps.templates.mail({
    ...facts,
    ...(name === undefined ? {} : { name }),
    ...(token ? { link: `${deps.policy.publicUrl}/v/${token}` } : {}),
  })
  // The same for every try of the same attempt: a mailbox that got two can tell that they are one.
  return { mail: { to, locale, messageId: `<${reference}@${new URL(deps.policy.publicUrl).hostname}>`, ...mail } }
}

/** Asks the provider, and no longer than the code lives: an expired one is never sent late. */
async function send(
  deps: DeliverDeps,
  record: VerificationRecord,
  message: Message,
  signal: AbortSignal,
): Promise<{ provider: string; delivery: Delivery }> {
  const provider = record.channel === 'email' ? deps.mail.name : deps.sms.name
  if (!message) return { provider, delivery: { kind: 'permanent', reason: 'key_unknown' } }
  const leftMs = Math.max(1, record.expiresAtMs - deps.clock.nowMs())
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(Math.min(leftMs, HOUR_MS))])
  const startedAt = performance.now()
  const delivery = 'mail' in message ? await deps.mail.send(message.mail, bounded) : await deps.sms.send(message.text, bounded)
  deps.telemetry.sent(provider, delivery.kind, (performance.now() - startedAt) / SECOND_MS)
  return { provider, delivery }
}

function factsOf(deps: DeliverDeps, record: VerificationRecord, personal: PersonalData, code: string) {
  return {
    brand: deps.policy.brand,
    code,
    minutes: Math.max(1, Math.round((record.expiresAtMs - deps.clock.nowMs()) / MINUTE_MS)),
    locale: personal.locale,
    purpose: record.purpose,
    ...(deps.policy.webOtpOrigin === undefined ? {} : { webOtpOrigin: deps.policy.webOtpOrigin }),
  }
}

/** What to write down, and how long to wait where the message is to be tried again. A code that would come too late is given up. */
function settlementOf(
  deps: DeliverDeps,
  record: VerificationRecord,
  provider: string,
  delivery: Delivery,
  run: Run,
): { settlement: Settlement; waitMs: number } {
  const waitMs = backoffMs(run.backoff, run.tries, delivery.kind === 'transient' ? delivery.retryAfterMs : 0)
  const isTooLate = deps.clock.nowMs() + waitMs >= record.expiresAtMs
  switch (delivery.kind) {
    case 'accepted':
      return { settlement: { kind: 'accepted', provider, reference: delivery.reference }, waitMs }
    case 'permanent':
      return { settlement: { kind: 'rejected', provider, reason: delivery.reason }, waitMs }
    case 'unknown':
      return { settlement: { kind: 'unknown', provider, reason: delivery.reason }, waitMs }
    case 'transient':
      return {
        settlement: isTooLate ? { kind: 'rejected', provider, reason: delivery.reason } : { kind: 'again', reason: delivery.reason },
        waitMs,
      }
  }
}

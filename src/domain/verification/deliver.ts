// Delivering one message: claim the attempt, derive the code, talk to the provider, settle. Runs in a worker, possibly more than once.
import { RetryLater } from '../../errors.ts'
import { backoffMs, type Backoff } from '../../lib/backoff.ts'
import { MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'
import type { SendAttempt } from '../../queues/send-attempt.ts'
import type { Delivery, DeliverDeps, Fence, Settlement, VerificationRecord } from '../ports.ts'
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
  const { provider, delivery } = await send(deps, record, attempt, run.signal)
  const settlement = settlementOf(deps, record, provider, delivery, run)
  const settled = await deps.verifications.settleAttempt(id, attempt, run.fence, settlement.settlement, deps.clock.nowMs())
  if (settled === 'repeat') throw new RetryLater(delivery.kind === 'accepted' ? 'accepted' : delivery.reason, settlement.waitMs)
  return { outcome: settled === 'stale' ? 'stale' : settlement.settlement.kind, requestId }
}

async function send(
  deps: DeliverDeps,
  record: VerificationRecord,
  attempt: number,
  signal: AbortSignal,
): Promise<{ provider: string; delivery: Delivery }> {
  const personal = openPersonalData(deps.keyring, record.id, record.sealed)
  const code = deriveCode(deps.keyring, record.id)
  const provider = record.channel === 'email' ? deps.mail.name : deps.sms.name
  if (!personal || !code) return { provider, delivery: { kind: 'permanent', reason: 'key_unknown' } }
  const startedAt = performance.now()
  const delivery =
    record.channel === 'email'
      ? await sendMail(deps, record, personal, code, attempt, signal)
      : await sendText(deps, record, personal, code, attempt, signal)
  deps.telemetry.sent(provider, delivery.kind, (performance.now() - startedAt) / SECOND_MS)
  return { provider, delivery }
}

async function sendText(
  deps: DeliverDeps,
  record: VerificationRecord,
  personal: PersonalData,
  code: string,
  attempt: number,
  signal: AbortSignal,
) {
  const { text } = deps.templates.text(factsOf(deps, record, personal, code))
  const reference = formatReference({ verificationId: record.id, attempt })
  return deps.sms.send(
    { to: personal.to, text, statusCallback: `${deps.policy.publicUrl}/v1/callbacks/twilio/status?ref=${reference}` },
    signal,
  )
}

async function sendMail(
  deps: DeliverDeps,
  record: VerificationRecord,
  personal: PersonalData,
  code: string,
  attempt: number,
  signal: AbortSignal,
) {
  const token = record.method === 'link' ? deriveLinkToken(deps.keyring, record.id) : null
  const mail = deps.templates.mail({
    ...factsOf(deps, record, personal, code),
    ...(personal.name === undefined ? {} : { name: personal.name }),
    ...(token ? { link: `${deps.policy.publicUrl}/v/${token}` } : {}),
  })
  // The same for every try of the same attempt: a mailbox that got two can tell that they are one.
  const messageId = `<${formatReference({ verificationId: record.id, attempt })}@${new URL(deps.policy.publicUrl).hostname}>`
  return deps.mail.send({ to: personal.to, messageId, locale: personal.locale, ...mail }, signal)
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

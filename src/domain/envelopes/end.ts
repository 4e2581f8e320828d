// Endings: what the envelope becomes, the act that says so, and who is told. Whoever may end it decides elsewhere.
import type { Keyring } from '../../lib/keyring.ts'
import type { EnvelopeRecord } from '../envelope-ports.ts'
import { newRetention } from '../retention/assign.ts'
import { defaultRetentionClass, isRetentionClass } from '../retention/classes.ts'
import type { NewRetention } from '../retention-ports.ts'
import type { NewAct } from './acts.ts'
import type { Draft } from './draft.ts'
import { systemTrace } from './trace.ts'
import { mailSender, mailSigners, notifySender, notifySigners } from './tell.ts'

export type Ending = 'completed' | 'declined' | 'expired' | 'canceled' | 'seal_failed'

/**
 * Ends an envelope. `reason` is a short word that everybody who may see the envelope sees. `signers` are told by mail and by a record; the sender gets a record, and a
 * mail as well unless the sender did it (`isSendersOwn`). `act` is left out where its maker adds it.
 */
export function endOf(
  keyring: Keyring,
  draft: Draft,
  ending: { status: Ending; act?: NewAct; reason?: string; signers: readonly number[]; isSendersOwn?: boolean },
  nowMs: number,
): Draft {
  const { status, act, reason, signers, isSendersOwn = false } = ending
  const record = { ...draft.record, status, endedAtMs: nowMs, ...(reason === undefined ? {} : { reason }) }
  const ended: Draft = {
    ...draft,
    record,
    acts: act ? [...draft.acts, act] : draft.acts,
    retention: retentionOf(record, nowMs),
    dueAtMs: null,
  }
  const kind = `envelope_${status}` as const
  const mailed = isSendersOwn ? ended : mailSender(keyring, ended, kind, nowMs)
  const told = notifySender(keyring, mailed, { kind, isMailed: !isSendersOwn }, nowMs)
  return notifySigners(keyring, mailSigners(keyring, told, kind, signers, nowMs), kind, signers, nowMs)
}

/** However it ended, what is personal of it is kept for as long as its class says, from now on. */
function retentionOf(record: EnvelopeRecord, nowMs: number): NewRetention {
  const name = isRetentionClass(record.retention) ? record.retention : defaultRetentionClass
  return newRetention(record.id, name, nowMs, systemTrace(record), nowMs)
}

/** The signers who were asked so far, in their order. */
export function askedSigners({ record }: Draft): number[] {
  return record.signers.filter(({ invitedAtMs }) => invitedAtMs !== undefined).map(({ number }) => number)
}

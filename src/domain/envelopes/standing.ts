// Where an envelope and its signers stand, as of now: time alone expires an envelope, however late its job.
import type { EnvelopeStatus } from '../../contracts/envelope.ts'
import type { EnvelopeRecord, SignerRecord } from '../envelope-ports.ts'

/** Whether signers may still act, but for its time. */
export function isOpen({ status }: Pick<EnvelopeRecord, 'status'>): boolean {
  return status === 'sent' || status === 'partially_signed'
}

export function isOverdue({ status, expiresAtMs }: Pick<EnvelopeRecord, 'status' | 'expiresAtMs'>, nowMs: number): boolean {
  return isOpen({ status }) && nowMs >= expiresAtMs
}

export function statusAt(record: Pick<EnvelopeRecord, 'status' | 'expiresAtMs'>, nowMs: number): EnvelopeStatus {
  return isOverdue(record, nowMs) ? 'expired' : record.status
}

/** Whether it is this signer's turn: asked, and neither signed nor declined. */
export function isTurnOf({ invitedAtMs, signedAtMs, declinedAtMs }: SignerRecord): boolean {
  return invitedAtMs !== undefined && signedAtMs === undefined && declinedAtMs === undefined
}

/** Whose turn comes next: all at once, or the first who has not been asked, once everybody before has signed. */
export function nextSigners({ order, signers }: Pick<EnvelopeRecord, 'order' | 'signers'>): SignerRecord[] {
  const waiting = signers.filter(({ invitedAtMs }) => invitedAtMs === undefined)
  if (order === 'parallel') return waiting
  return signers.some(isTurnOf) ? [] : waiting.slice(0, 1)
}

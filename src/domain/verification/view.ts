// How a verification looks from outside.
import { progressStatuses, type Attempt, type Verification, type VerificationStatus } from '../../contracts/verification.ts'
import type { AttemptRecord, VerificationRecord } from '../ports.ts'
import { sendRules } from './policy.ts'

const time = (ms: number) => new Date(ms).toISOString()

export function isFinal(status: VerificationStatus): boolean {
  return !progressStatuses.some((progress) => progress === status)
}

/** The status as of now: a late sweep never matters, since the time is looked at on every read. */
export function statusAt(record: VerificationRecord, nowMs: number): VerificationStatus {
  return !isFinal(record.status) && nowMs >= record.expiresAtMs ? 'expired' : record.status
}

export function viewOf(record: VerificationRecord, nowMs: number): Verification {
  const status = statusAt(record, nowMs)
  return {
    id: record.id,
    status,
    channel: record.channel,
    method: record.method,
    ...(record.linkMode ? { linkMode: record.linkMode } : {}),
    purpose: record.purpose,
    to: record.maskedTo,
    attemptsRemaining: Math.max(0, record.maxAttempts - record.wrongCodes),
    sendsRemaining: Math.max(0, sendRules.maxSends - record.sends),
    resendAvailableAt: time(record.resendAtMs),
    expiresAt: time(record.expiresAtMs),
    createdAt: time(record.createdAtMs),
    ...(record.approvedAtMs === undefined ? {} : { approvedAt: time(record.approvedAtMs) }),
    // The sweep will add one when it writes what this view already shows: the same sequence then means the same state.
    sequence: status === record.status ? record.sequence : record.sequence + 1,
  }
}

export function attemptView({ createdAtMs, updatedAtMs, ...attempt }: AttemptRecord): Attempt {
  return { ...attempt, createdAt: time(createdAtMs), updatedAt: time(updatedAtMs) }
}

// How retention looks to clients. Why something is held may name people: it is sealed, and shown to those who see everything.
import type { RetentionView } from '../../contracts/retention.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { isPrivileged, type Caller } from '../caller.ts'
import type { RetentionRecord } from '../retention-ports.ts'

/** It is kept as long as the hold. */
const never = 8.64e15

export function sealReason(keyring: Keyring, subject: string, reason: string): string {
  return keyring.seal({ kind: 'legal-hold', id: subject }, never, reason)
}

export function viewOf(keyring: Keyring, caller: Caller, subject: string, record: RetentionRecord | null): RetentionView {
  if (!record) return { subject, class: null, startsAt: null, endsAt: null, legalHold: null, version: 0, purgedAt: null }
  return {
    subject,
    class: record.class,
    startsAt: timeOf(record.startsAtMs),
    endsAt: timeOf(record.endsAtMs),
    legalHold: record.hold && {
      since: new Date(record.hold.atMs).toISOString(),
      reason: isPrivileged(caller) ? (keyring.open({ kind: 'legal-hold', id: subject }, record.hold.reason)?.plaintext ?? null) : null,
    },
    version: record.version,
    purgedAt: timeOf(record.purgedAtMs),
  }
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

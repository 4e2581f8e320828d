// How a session looks from outside, and how its metadata is kept: each value sealed by itself, so that two writers of two names never meet.
import type { Assurance, Session } from '../../contracts/session.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { Caller } from '../caller.ts'
import type { SessionRecord } from '../session-ports.ts'
import type { Device } from './device.ts'

const time = (ms: number): string => new Date(ms).toISOString()
const contextOf = (id: string, name: string) => ({ kind: 'session', id: `${id} ${name}` })

/** Sealed values by name. A value of null is left out: it means that there is none. */
export function sealMetadata(
  keyring: Keyring,
  id: string,
  expiresAtMs: number,
  metadata: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const kept = Object.entries(metadata).filter(([, value]) => value !== null)
  return Object.fromEntries(kept.map(([name, value]) => [name, keyring.seal(contextOf(id, name), expiresAtMs, JSON.stringify(value))]))
}

function openMetadata(keyring: Keyring, { id, metadata }: SessionRecord, nowMs: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(metadata).flatMap(([name, sealed]) => {
      const opened = keyring.open(contextOf(id, name), sealed)
      return opened && nowMs < opened.expiresAtMs ? [[name, JSON.parse(opened.plaintext) as unknown]] : []
    }),
  )
}

/** The assurance as of now: it falls by the clock, nobody has to take it back. */
export function assuranceAt(elevatedUntilMs: number | undefined, nowMs: number): Assurance {
  return elevatedUntilMs !== undefined && nowMs < elevatedUntilMs ? 'elevated' : 'basic'
}

export function viewOf(keyring: Keyring, caller: Caller, record: SessionRecord, nowMs: number): Session {
  const assurance = assuranceAt(record.elevatedUntilMs, nowMs)
  return {
    id: record.id,
    createdAt: time(record.createdAtMs),
    lastSeenAt: time(record.lastSeenAtMs),
    expiresAt: time(record.expiresAtMs),
    device: JSON.parse(record.device) as Device,
    metadata: openMetadata(keyring, record, nowMs),
    assurance,
    ...(assurance === 'elevated' && record.elevatedUntilMs !== undefined ? { assuranceExpiresAt: time(record.elevatedUntilMs) } : {}),
    current: caller.kind === 'user' && caller.token?.sessionId === record.id,
  }
}

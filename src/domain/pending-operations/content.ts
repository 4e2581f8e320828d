// Seals and opens what is personal in a record. The end of its time is sealed with it: a record whose time was moved from outside does not open.
import type { Keyring } from '../../lib/keyring.ts'
import type { StateRecord } from '../state-ports.ts'
import { kind, type About } from './operation.ts'
import type { PlainObject } from './plain-data.ts'

const aboutKind = `${kind} about`

export function sealData(keyring: Keyring, id: string, expiresAtMs: number, data: PlainObject): string {
  return keyring.seal({ kind, id }, expiresAtMs, JSON.stringify(data))
}

export function sealAbout(keyring: Keyring, id: string, expiresAtMs: number, about: About): string {
  return keyring.seal({ kind: aboutKind, id }, expiresAtMs, JSON.stringify(about))
}

/** The data of a record; null when it is gone, altered, restored past its time, or sealed under a key that has left the ring. */
export function openData(keyring: Keyring, record: StateRecord, nowMs: number): PlainObject | null {
  return open(keyring, kind, record, record.sealed, nowMs) as PlainObject | null
}

/** What else is sealed; empty when it cannot be opened. */
export function openAbout(keyring: Keyring, record: StateRecord, nowMs: number): About {
  return (open(keyring, aboutKind, record, record.about, nowMs) as About | null) ?? {}
}

function open(keyring: Keyring, context: string, record: StateRecord, sealed: string | undefined, nowMs: number): unknown {
  if (sealed === undefined) return null
  const opened = keyring.open({ kind: context, id: record.id }, sealed)
  if (!opened || opened.expiresAtMs !== record.expiresAtMs || nowMs >= opened.expiresAtMs) return null
  return JSON.parse(opened.plaintext)
}

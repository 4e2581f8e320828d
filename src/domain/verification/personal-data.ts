// The personal part of a verification: sealed as one piece, opened only by those who need it.
import type { Keyring } from '../../lib/keyring.ts'

/** `to` is canonical. */
export type PersonalData = {
  to: string
  name?: string
  userId?: string
  locale: string
  redirect?: string
  metadata?: Record<string, unknown>
}

const kind = 'verification'

export function sealPersonalData(keyring: Keyring, id: string, expiresAtMs: number, data: PersonalData): string {
  return keyring.seal({ kind, id }, expiresAtMs, JSON.stringify(data))
}

/** Null when the data was altered or its key has left the ring. */
export function openPersonalData(keyring: Keyring, id: string, sealed: string): PersonalData | null {
  const opened = keyring.open({ kind, id }, sealed)
  return opened && (JSON.parse(opened.plaintext) as PersonalData)
}

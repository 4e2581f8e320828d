// A document's title: it is personal, and only its own record opens it.
import type { Keyring } from '../../lib/keyring.ts'

const centuryMs = 100 * 365 * 86_400_000

export function sealTitle(keyring: Keyring, id: string, title: string, nowMs: number): string {
  return keyring.seal({ kind: 'document', id }, nowMs + centuryMs, title)
}

/** Empty when its key has left the ring. */
export function openTitle(keyring: Keyring, id: string, sealed: string): string {
  return keyring.open({ kind: 'document', id }, sealed)?.plaintext ?? ''
}

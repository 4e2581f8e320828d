// Secrets of endpoints at rest: sealed under the key ring, opened only to sign.
import type { Keyring } from '../../lib/keyring.ts'
import type { WebhookEndpoint } from '../event-ports.ts'

const kind = 'webhook-secret'
/** Endpoints have no end of their own. */
const never = 8.64e15

export function sealSecret(keyring: Keyring, endpointId: string, secret: string): string {
  return keyring.seal({ kind, id: endpointId }, never, secret)
}

/** Null when the key that sealed it has left the ring. */
export function openSecret(keyring: Keyring, endpointId: string, sealed: string): string | null {
  return keyring.open({ kind, id: endpointId }, sealed)?.plaintext ?? null
}

/** The secrets that sign now, the newest first: one, or two after a rotation. Empty when the newest cannot be read any more. */
export function liveSecrets(keyring: Keyring, endpoint: WebhookEndpoint, nowMs: number): string[] {
  const newest = openSecret(keyring, endpoint.id, endpoint.sealedSecret)
  if (newest === null) return []
  const previous =
    endpoint.previousSealedSecret !== null && (endpoint.previousUntilMs ?? 0) > nowMs
      ? openSecret(keyring, endpoint.id, endpoint.previousSealedSecret)
      : null
  return previous === null ? [newest] : [newest, previous]
}

// By what a signer is found without being stored: a keyed fingerprint of the canonical e-mail address.
import type { Keyring } from '../../lib/keyring.ts'

const label = 'signer'

/** The one that is stored. */
export function signerPrint(keyring: Keyring, email: string): string {
  return signerPrints(keyring, email)[0]
}

/** Every one under which the address may have been stored. */
export function signerPrints(keyring: Keyring, email: string): [string, ...string[]] {
  return keyring.fingerprints(label, email)
}

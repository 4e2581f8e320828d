// What shows that a form came from one of our pages and not long ago.
import type { ApiDeps } from '../deps.ts'

type NonceDeps = Pick<ApiDeps, 'keyring' | 'clock'>

/** A keyed fingerprint over what the form is for and the time, by steps of `lifetimeMs`: it is good for that long and at most twice as long. */
export function createNonce(deps: NonceDeps, subject: string, lifetimeMs: number): string {
  return nonceAt(deps, subject, lifetimeMs, 0)
}

export function isNonce(deps: NonceDeps, subject: string, lifetimeMs: number, given: string): boolean {
  return [0, 1].some((stepsAgo) => given === nonceAt(deps, subject, lifetimeMs, stepsAgo))
}

function nonceAt({ keyring, clock }: NonceDeps, subject: string, lifetimeMs: number, stepsAgo: number): string {
  return keyring.fingerprint('page nonce', `${subject}:${Math.floor(clock.nowMs() / lifetimeMs) - stepsAgo}`)
}

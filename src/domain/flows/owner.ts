// Whose a draft is, and under which id it lies. Forms and onboardings have an id derived from flow and owner, so that every device finds them.
import { AppError } from '../../errors.ts'
import { formatId } from '../../lib/ids.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { partitionOf } from '../../lib/partition.ts'
import { isPrivileged, type Caller } from '../caller.ts'
import type { StateKey, StateRecord } from '../state-ports.ts'
import type { Flow } from './flow.ts'

type OwnerDeps = { keyring: Keyring; policy: { partitions: number } }

export const idPrefix = { form: 'frm', onboarding: 'onb', wizard: 'wiz' } as const

/** The owner's fingerprint; null for a browser that has no binding yet, which owns nothing. */
export function ownerOf({ keyring }: Pick<OwnerDeps, 'keyring'>, caller: Caller): string | null {
  switch (caller.kind) {
    case 'user':
      return keyring.fingerprint('flow owner', `user:${caller.subject}`)
    case 'api-key':
      return keyring.fingerprint('flow owner', `key:${caller.keyId}`)
    case 'anonymous':
      return caller.binding === undefined ? null : bindingOwner(keyring, caller.binding)
  }
}

/** The owner that a browser is by its binding cookie alone. */
export function bindingOwner(keyring: Keyring, binding: string): string {
  return keyring.fingerprint('flow owner', `binding:${binding}`)
}

/** Where an owner's draft of a form or an onboarding lies: always the same, so that two devices cannot have two. */
export function derivedDraftKey({ keyring, policy }: OwnerDeps, { kind, id }: Pick<Flow, 'kind' | 'id'>, owner: string): StateKey {
  const print = keyring.fingerprint('flow draft', `${kind} ${id} ${owner}`)
  // No key tag: an id that named the writing key would change when the keys rotate.
  const header = { partition: partitionOf(print, policy.partitions), keyTag: 0, traits: 0 }
  return { kind, id: formatId(idPrefix[kind], header, Buffer.from(print, 'base64url')) }
}

/** Someone else's draft does not exist: throws `not_found`. */
export function requireOwner(deps: Pick<OwnerDeps, 'keyring'>, caller: Caller, record: StateRecord): void {
  if (!isPrivileged(caller) && record.facts['owner'] !== ownerOf(deps, caller)) throw new AppError('not_found')
}

// Binds an anonymous browser to what it begins: it gets a cookie, and is bound by it from that very request on.
import type { Response } from 'express'
import { callerKey, type Caller } from '../domain/caller.ts'
import { createBinding, setBinding } from './cookies.ts'
import type { ApiDeps } from './deps.ts'

/** The caller with a binding; `fresh` is the one that the answer must set. Who has a credential needs none. */
export function boundCaller(caller: Caller, fresh = createBinding()): { caller: Caller; fresh?: string } {
  return caller.kind === 'anonymous' ? withBinding(caller, fresh) : { caller }
}

/**
 * The binding that an answer would set. A request with an idempotency key gets the same one on every repeat: whoever lost the first answer lost
 * its cookie with it.
 */
export function freshBinding(
  { keyring }: Pick<ApiDeps, 'keyring'>,
  caller: Caller,
  idempotencyKey: string | undefined,
  body: unknown,
): string {
  if (idempotencyKey === undefined) return createBinding()
  return keyring.fingerprint('binding cookie', JSON.stringify([callerKey(caller), idempotencyKey, body]))
}

/** The same for any caller, where the binding is what counts. */
export function withBinding(caller: Caller, fresh = createBinding()): { caller: Caller; fresh?: string } {
  if (caller.binding !== undefined) return { caller }
  return { caller: { ...caller, binding: fresh, isNewBinding: true }, fresh }
}

/** Sets the binding in the answer; undefined sets none. */
export function keepBinding({ config }: Pick<ApiDeps, 'config'>, res: Response, binding: string | undefined): void {
  if (binding !== undefined) setBinding(res, binding, config.PUBLIC_URL.startsWith('https:'))
}

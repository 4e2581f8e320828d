// What an OAuth state is bound to: the browser that began, by its cookie, or the user of a server, by a hash that the server keeps.
import { AppError, invalidField } from '../../errors.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { Caller } from '../caller.ts'

/** The fact that a record carries and a consume must match. `mode` tells which of the two it is. */
export type Binding = { mode: 'cookie' | 'server'; print: string }

/** The binding of a new state. Throws `invalid_request` where there is nothing to bind it to: an unbound state is not made. */
export function bindingFor(keyring: Keyring, caller: Caller, given: string | undefined): Binding {
  if (given !== undefined && caller.kind === 'anonymous')
    throw invalidField('/binding', 'is for callers with a credential; a browser is bound by its cookie')
  if (given !== undefined) return { mode: 'server', print: printOf(keyring, 'server', given) }
  if (caller.kind === 'api-key') throw invalidField('/binding', 'is required of a server')
  if (caller.binding === undefined) throw new AppError('binding_mismatch', { detail: 'The browser keeps no cookie of ours.' })
  return { mode: 'cookie', print: printOf(keyring, 'cookie', caller.binding) }
}

/** What whoever consumes shows for a state of this mode; a print that fits none when it shows nothing. */
export function shownBinding(keyring: Keyring, mode: string, caller: Caller, given: string | undefined): string {
  const shown = mode === 'server' ? given : caller.binding
  return shown === undefined ? '' : printOf(keyring, mode, shown)
}

function printOf(keyring: Keyring, mode: string, value: string): string {
  return keyring.fingerprint('oauth binding', `${mode}:${value}`)
}

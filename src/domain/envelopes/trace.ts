// Who does what to an envelope, as acts' events and the audit trail say it.
import type { Keyring } from '../../lib/keyring.ts'
import type { EnvelopeRecord } from '../envelope-ports.ts'
import type { Trace } from '../state-ports.ts'

/** What happens by itself is done on behalf of whoever sent the envelope. */
export function systemTrace({ requestId, owner }: Pick<EnvelopeRecord, 'requestId' | 'owner'>): Trace {
  return { requestId, actor: owner }
}

/** A signer; found in the trail as `signer:ENVELOPE.NUMBER`. */
export function signerTrace(keyring: Keyring, envelopeId: string, number: number, requestId: string): Trace {
  return { requestId, actor: keyring.fingerprint('caller', `signer:${envelopeId}.${number}`) }
}

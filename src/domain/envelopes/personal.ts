// What is personal of an envelope and of its signers: sealed as one piece each, opened only by those who need it.
import type { Keyring } from '../../lib/keyring.ts'

/** How a signer is identified: a code to the phone, or else to the e-mail address. */
export type SignerChannel = 'sms' | 'email'

/** Addresses are canonical. `maskedTo` is of where the code goes. `name` is the sender's spelling, `correctedName` the signer's own, `signedName` as it was typed. */
export type SignerPersonal = {
  name: string
  email: string
  phone?: string
  locale: string
  channel: SignerChannel
  maskedTo: string
  correctedName?: string
  signedName?: string
  declineReason?: string
}

/** `key` is the sender's caller key (`user:alice`). The title is the document's as it was sent. */
export type EnvelopePersonal = {
  title: string
  message?: string
  locale: string
  sender: { key: string; email?: string; name?: string }
}

/** They are kept until they are erased. */
const never = 8.64e15

const signerContext = (envelopeId: string, number: number) => ({ kind: 'signer', id: `${envelopeId}.${number}` })

export function sealSigner(keyring: Keyring, envelopeId: string, number: number, personal: SignerPersonal): string {
  return keyring.seal(signerContext(envelopeId, number), never, JSON.stringify(personal))
}

/** Null when it was erased or its key has left the ring. */
export function openSigner(keyring: Keyring, envelopeId: string, number: number, sealed: string): SignerPersonal | null {
  const opened = keyring.open(signerContext(envelopeId, number), sealed)
  return opened && (JSON.parse(opened.plaintext) as SignerPersonal)
}

export function sealEnvelope(keyring: Keyring, envelopeId: string, personal: EnvelopePersonal): string {
  return keyring.seal({ kind: 'envelope', id: envelopeId }, never, JSON.stringify(personal))
}

/** Null when it was erased or its key has left the ring. */
export function openEnvelope(keyring: Keyring, envelopeId: string, sealed: string): EnvelopePersonal | null {
  const opened = keyring.open({ kind: 'envelope', id: envelopeId }, sealed)
  return opened && (JSON.parse(opened.plaintext) as EnvelopePersonal)
}

/** The name that stands for a signer: as the signer corrected it, else as the sender wrote it. */
export function nameOf({ name, correctedName }: SignerPersonal): string {
  return correctedName ?? name
}

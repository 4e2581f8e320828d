// When it was signed, as well as that can be known: an intact time-stamp, else our own receipt of the act, else what the signature claims.
import type { CheckFacts, SignatureFacts } from './facts.ts'

/** `at` null: unknown. */
export type SigningTime = { at: string | null; source: 'timestamp' | 'server' | 'claimed' | 'none' }

/** The signatures of persons. */
export function signersSignatures({ signatures }: Pick<CheckFacts, 'signatures'>): SignatureFacts[] {
  return signatures.filter(({ role }) => role === 'signer')
}

/** The receipts of an envelope's signers who have signed. */
export function signedActs({ envelope }: Pick<CheckFacts, 'envelope'>): { at: string; signer: number | null; sequence: number }[] {
  return envelope?.acts.filter(({ type }) => type === 'envelope.signed') ?? []
}

/** Of an envelope's signers, and without an envelope of the signatures in the file. */
export function signingTimes(facts: Pick<CheckFacts, 'envelope' | 'signatures'>): SigningTime[] {
  return facts.envelope ? signedActs(facts).map(({ at }) => ({ at, source: 'server' })) : signatureTimes(facts)
}

/** Of the signatures in the file. */
export function signatureTimes(facts: Pick<CheckFacts, 'signatures'>): SigningTime[] {
  return signersSignatures(facts).map(({ signedAt, timeSource }) => ({ at: signedAt, source: timeSource }))
}

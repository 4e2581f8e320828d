// Ids of verifications. One byte of an id says purpose and number of digits, so that a check needs one round trip.
import { purposes, type Purpose } from '../../contracts/verification.ts'
import { createId, readId } from '../../lib/ids.ts'

export type VerificationIdFacts = { partition: number; keyTag: number; purpose: Purpose; digits: number }

const prefix = 'ver'
const leastDigits = 6

export function createVerificationId({ partition, keyTag, purpose, digits }: VerificationIdFacts): string {
  return createId(prefix, { partition, keyTag, traits: (purposes.indexOf(purpose) << 4) | (digits - leastDigits) })
}

/** What an id says; null when the text is no such id. */
export function readVerificationId(id: string): VerificationIdFacts | null {
  const header = readId(prefix, id)
  const purpose = header && purposes[header.traits >> 4]
  const digits = header ? (header.traits & 15) + leastDigits : 0
  if (!header || !purpose || digits > 10) return null
  return { partition: header.partition, keyTag: header.keyTag, purpose, digits }
}

// Ids of envelopes. Their byte of traits is 0: a signer's token is derived over the same id with the signer's number in it.
import { createId, readId } from '../../lib/ids.ts'

export const envelopePrefix = 'env'

export function createEnvelopeId(partition: number, keyTag: number): string {
  return createId(envelopePrefix, { partition, keyTag, traits: 0 })
}

/** Whether the text is an id of an envelope at all; nothing is looked up for anything else. */
export function isEnvelopeId(text: string): boolean {
  return readId(envelopePrefix, text)?.traits === 0
}

// Ids of documents.
import { createId, readId } from '../../lib/ids.ts'

const prefix = 'doc'

export function createDocumentId(partition: number, keyTag: number): string {
  return createId(prefix, { partition, keyTag, traits: 0 })
}

/** Whether the text is an id of a document at all; nothing is looked up for anything else. */
export function isDocumentId(text: string): boolean {
  return readId(prefix, text) !== null
}

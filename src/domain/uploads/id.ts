// Ids of uploads. An owner's uploads share a partition, so that limits and lists need one step.
import { createId, readId } from '../../lib/ids.ts'

const prefix = 'upl'

export function createUploadId(partition: number, keyTag: number): string {
  return createId(prefix, { partition, keyTag, traits: 0 })
}

/** Whether the text is an id of an upload at all; nothing is looked up for anything else. */
export function isUploadId(text: string): boolean {
  return readId(prefix, text) !== null
}

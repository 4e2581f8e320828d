// Ids of checks, and the job that evaluates one.
import { createId, readId } from '../../lib/ids.ts'
import type { JobRequest } from '../ports.ts'

const prefix = 'chk'

export function createCheckId(partition: number, keyTag: number): string {
  return createId(prefix, { partition, keyTag, traits: 0 })
}

/** Whether the text is an id of a check at all; nothing is looked up for anything else. */
export function isCheckId(text: string): boolean {
  return readId(prefix, text) !== null
}

export function checkJob(checkId: string): JobRequest {
  return { name: 'check.evaluate', payload: { checkId } }
}

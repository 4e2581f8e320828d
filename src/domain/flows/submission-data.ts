// The data of a submission: sealed for as long as the row stands, opened only for those who may read it.
import type { Keyring } from '../../lib/keyring.ts'
import type { StepData } from './flow.ts'

export type SubmissionData = { steps: StepData; unplaced: StepData; userId?: string }

const kind = 'submission'
/** A submission has no end of its own; whoever takes the row away ends it. */
const never = Number.MAX_SAFE_INTEGER

export function sealSubmission(keyring: Keyring, id: string, data: SubmissionData): string {
  return keyring.seal({ kind, id }, never, JSON.stringify(data))
}

/** Null when it was altered or its key has left the ring. */
export function openSubmission(keyring: Keyring, id: string, sealed: string): SubmissionData | null {
  const opened = keyring.open({ kind, id }, sealed)
  return opened && (JSON.parse(opened.plaintext) as SubmissionData)
}

// What providers report after they accepted a message.
import type { AcceptDeps, Receipt } from '../ports.ts'
import { readVerificationId } from './id.ts'

/** Which message a provider speaks of. */
export type MessageReference = { verificationId: string; attempt: number }

/** `ver_….2`: how a message names itself to providers, in callback addresses and Message-IDs. */
export function formatReference({ verificationId, attempt }: MessageReference): string {
  return `${verificationId}.${attempt}`
}

/** The message that a reference names; null when the text is none. */
export function readReference(text: string): MessageReference | null {
  const [verificationId = '', attempt = ''] = text.split('.', 2)
  if (!readVerificationId(verificationId) || !/^[1-9]\d?$/.test(attempt)) return null
  return { verificationId, attempt: Number(attempt) }
}

/** Merges a receipt; early, double and disordered ones do no harm. False when there is no such message. */
export async function receiveReceipt(
  deps: Pick<AcceptDeps, 'clock' | 'verifications'>,
  reference: MessageReference,
  receipt: Receipt,
): Promise<boolean> {
  return deps.verifications.receive(reference.verificationId, reference.attempt, receipt, deps.clock.nowMs())
}

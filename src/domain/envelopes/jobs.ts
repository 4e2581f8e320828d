// The job that an envelope owes: which one follows from where it stands.
import type { EnvelopeRecord } from '../envelope-ports.ts'
import type { JobRequest } from '../ports.ts'

export function envelopeJob(name: 'envelope.prepare' | 'envelope.expire' | 'envelope.seal', envelopeId: string): JobRequest {
  return { name, payload: { envelopeId } }
}

/** What is owed when its due time has come; null when nothing ever is. */
export function owedEnvelopeJob({ id, status, preparedAtMs }: Pick<EnvelopeRecord, 'id' | 'status' | 'preparedAtMs'>): JobRequest | null {
  switch (status) {
    case 'sent':
      return envelopeJob(preparedAtMs === undefined ? 'envelope.prepare' : 'envelope.expire', id)
    case 'partially_signed':
      return envelopeJob('envelope.expire', id)
    case 'sealing':
      return envelopeJob('envelope.seal', id)
    case 'completed':
    case 'declined':
    case 'expired':
    case 'canceled':
    case 'seal_failed':
      return null
  }
}

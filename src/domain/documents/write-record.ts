// Writes the row of a document that has ended; owed by an intent, so that it happens whatever dies.
import { RetryLater } from '../../errors.ts'
import { backoffMs } from '../../lib/backoff.ts'
import type { Run } from '../verification/deliver.ts'
import type { DocumentWorkDeps } from './deps.ts'

/** Throws RetryLater for as long as Postgres does not take the row. */
export async function writeDocumentRecord(deps: DocumentWorkDeps, id: string, run: Run): Promise<{ outcome: string; requestId?: string }> {
  const record = await deps.documents.read(id)
  if (!record) return { outcome: 'missing' }
  try {
    await deps.documentRows.save(record)
  } catch {
    throw new RetryLater('row_not_written', backoffMs(run.backoff, run.tries))
  }
  await deps.documents.confirmRecorded(id, deps.clock.nowMs())
  return { outcome: 'recorded', requestId: record.requestId }
}

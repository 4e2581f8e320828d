// What the stages share: what one is called with, and how the end of a child process becomes a result.
import type { DocumentStage } from '../../contracts/document.ts'
import type { DocumentRecord, StageResult } from '../document-ports.ts'
import type { Inspection } from '../upload-ports.ts'
import type { Run } from '../verification/deliver.ts'
import type { DocumentWorkDeps } from './deps.ts'

export type StageCall = { record: DocumentRecord; stage: DocumentStage; run: Run }

/** Runs a task over a copy of the stored file. */
export async function inStored(
  deps: DocumentWorkDeps,
  record: DocumentRecord,
  run: Run,
  use: (path: string) => Promise<Inspection<unknown>>,
): Promise<StageResult> {
  return asResult(await deps.documentFiles.withStored(record.storageKey, run.signal, use), run)
}

/** A child that ended because we are to stop says nothing about the file. */
export function asResult(inspection: Inspection<unknown>, run: Run): StageResult {
  run.signal.throwIfAborted()
  switch (inspection.kind) {
    case 'ok':
    case 'partial':
    case 'rejected':
      return inspection
    case 'crashed':
    case 'timeout':
    case 'memory':
      return { kind: 'killed', reason: inspection.kind }
  }
}

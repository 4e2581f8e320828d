// What the API and the workers hand to the domain of documents.
import type { Clock } from '../../lib/clock.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { Analyst, DocumentFiles, DocumentRows, DocumentSandbox, DocumentStore, ResultStore } from '../document-ports.ts'
import type { Enqueue, Telemetry } from '../ports.ts'
import type { UploadDeps } from '../uploads/deps.ts'

type Common = {
  clock: Clock
  keyring: Keyring
  documents: DocumentStore
  documentRows: DocumentRows
  documentResults: ResultStore
  enqueue: Enqueue
  telemetry: Pick<Telemetry, 'repaired'>
}

export type DocumentDeps = Common & UploadDeps

/** A worker's half. Without an `analyst` the analysis is the rules' alone. */
export type DocumentWorkDeps = Common & {
  sandbox: DocumentSandbox
  documentFiles: DocumentFiles
  analyst: Analyst | null
}

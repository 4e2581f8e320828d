// What the API and the workers hand to the domain of retention.
import type { Clock } from '../../lib/clock.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { DocumentDeps } from '../documents/deps.ts'
import type { EnvelopeStore } from '../envelope-ports.ts'
import type { IntegrityStore, PurgeStore, RetentionStore } from '../retention-ports.ts'
import type { BlobStore } from '../upload-ports.ts'

export type RetentionDeps = DocumentDeps & { retention: RetentionStore; envelopes: EnvelopeStore }

/** A worker's half. `software`: version of the package, of Node and of the analyser. `retentionMeters.fault` also tells the log. */
export type RetentionWorkDeps = {
  clock: Clock
  keyring: Keyring
  blobs: BlobStore
  envelopes: EnvelopeStore
  retention: RetentionStore
  purges: PurgeStore
  integrity: IntegrityStore
  software: string
  retentionMeters: RetentionMeters
}

export type RetentionMeters = {
  /** An object is not what it was, or not there. */
  objectFailed(look: { subject: string; outcome: string }): void
  /** A removal did not come to its end; it is tried again. */
  purgeFailed(subject: string, error: unknown): void
}

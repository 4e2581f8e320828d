// What evidence is made of.
import type { Clock } from '../../lib/clock.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { CheckpointDeps } from '../audit/checkpoints.ts'
import type { ResultStore } from '../document-ports.ts'
import type { EnvelopeStore } from '../envelope-ports.ts'
import type { ArchiveVault } from '../event-ports.ts'
import type { EvidenceSigner } from '../evidence-ports.ts'
import type { RetentionStore } from '../retention-ports.ts'
import type { BlobStore } from '../upload-ports.ts'

/** `verifierSource`: the text of evidence-verify.ts, for the bundle. `publicUrl`: where the key is published. `software`: what made the bundle. */
export type EvidenceDeps = CheckpointDeps & {
  clock: Clock
  keyring: Keyring
  envelopes: EnvelopeStore
  documentResults: ResultStore
  blobs: BlobStore
  retention: RetentionStore
  vault: ArchiveVault
  evidenceSigner: EvidenceSigner
  verifierSource: string
  publicUrl: string
  software: string
}

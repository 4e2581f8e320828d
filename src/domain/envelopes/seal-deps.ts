// What a worker hands to sealing.
import type { SealingKey } from '../envelope-ports.ts'
import type { VerificationPolicy } from '../ports.ts'
import type { Printer } from '../print-ports.ts'
import type { IntegrityStore } from '../retention-ports.ts'
import type { SealPreparer } from '../seal-ports.ts'
import type { BlobStore } from '../upload-ports.ts'
import type { EnvelopeWorkDeps } from './deps.ts'

export type SealDeps = EnvelopeWorkDeps & {
  policy: Pick<VerificationPolicy, 'brand'>
  blobs: Pick<BlobStore, 'read' | 'write' | 'remove' | 'keysIn'>
  integrity: Pick<IntegrityStore, 'note'>
  sealingKey: SealingKey
  sealPreparer: SealPreparer
  printer: Printer
}

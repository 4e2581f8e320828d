// What the API and the workers hand to the domain of uploads.
import type { Clock } from '../../lib/clock.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { Enqueue, IdempotencyStore, Telemetry } from '../ports.ts'
import type { BlobStore, Scanner, Sniffer, StoredUploads, UploadStore } from '../upload-ports.ts'

/** `maxBytes` bounds every type's own limit; `reserveBytes` of the spool stay free, whatever is uploaded. */
export type UploadPolicy = { isPublic: boolean; partitions: number; maxBytes: number; reserveBytes: number }

type Common = {
  clock: Clock
  keyring: Keyring
  uploads: UploadStore
  storedUploads: StoredUploads
  blobs: BlobStore
}

export type UploadDeps = Common & {
  uploadPolicy: UploadPolicy
  enqueue: Enqueue
  idempotency: IdempotencyStore
  telemetry: Pick<Telemetry, 'repaired'>
}

/** A worker's half. `isUnscannedAllowed`: whether a file that nobody scanned is stored (ALLOW_UNSCANNED). */
export type UploadWorkDeps = Common & {
  sniffer: Sniffer
  scanner: Scanner
  isUnscannedAllowed: boolean
  uploadMeters: { uploadsSwept(expired: number, removed: number): void; orphansSeen(count: number, bytes: number): void }
}

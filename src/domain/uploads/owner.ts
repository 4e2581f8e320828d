// Whose an upload is, and who may touch it: its owner, whoever sees everything, and for one made without a credential whoever has its id.
import { AppError } from '../../errors.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { partitionOf } from '../../lib/partition.ts'
import { callerKey, isPrivileged, type Caller } from '../caller.ts'
import type { StoredUpload, UploadRecord } from '../upload-ports.ts'
import type { UploadDeps } from './deps.ts'

/** `print` is stored with the upload, `index` is where its owner's uploads are listed, in `partition`. */
export type Owner = { print: string; index: string; partition: number; isAnonymous: boolean }

/** The owner of what this caller uploads: its credential, or without one the session, which only its browser knows. */
export function ownerOf(keyring: Keyring, caller: Caller, session: string, partitions: number): Owner {
  const key = caller.kind === 'anonymous' ? `session:${session}` : callerKey(caller)
  const index = keyring.fingerprint('uploads', key)
  return {
    print: keyring.fingerprints('caller', key)[0],
    index,
    partition: partitionOf(index, partitions),
    isAnonymous: caller.kind === 'anonymous',
  }
}

/** Every fingerprint under which this caller's uploads may have been written. */
export function ownerPrints(keyring: Keyring, caller: Caller): readonly string[] {
  return keyring.fingerprints('caller', callerKey(caller))
}

/** Whether it is the caller's own, or the caller sees everything. */
export function isOwn(keyring: Keyring, caller: Caller, record: Pick<UploadRecord, 'owner'>): boolean {
  return isPrivileged(caller) || (caller.kind !== 'anonymous' && ownerPrints(keyring, caller).includes(record.owner))
}

/** Whether the caller may write, follow and end it. */
export function isOpenTo(
  deps: Pick<UploadDeps, 'keyring' | 'uploadPolicy'>,
  caller: Caller,
  record: Pick<UploadRecord | StoredUpload, 'owner' | 'isAnonymous'>,
): boolean {
  return (record.isAnonymous && deps.uploadPolicy.isPublic) || isOwn(deps.keyring, caller, record)
}

/** The open or lately ended upload of this id; throws `upload_not_found` when there is none or it is somebody else's. */
export async function accessibleUpload(
  deps: Pick<UploadDeps, 'keyring' | 'uploadPolicy' | 'uploads'>,
  caller: Caller,
  id: string,
): Promise<UploadRecord> {
  const record = await deps.uploads.read(id)
  if (!record || !isOpenTo(deps, caller, record)) throw new AppError('upload_not_found')
  return record
}

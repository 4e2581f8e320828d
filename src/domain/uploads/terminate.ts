// Ending an upload at its owner's wish. What has all its bytes is no longer the client's to end.
import { AppError } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import { traceOf } from '../verification/access.ts'
import type { UploadDeps } from './deps.ts'
import { accessibleUpload } from './owner.ts'

/** Ends an open upload and removes its bytes. Throws `upload_not_found`, `upload_locked`, `upload_completed`, `upload_expired`. */
export async function terminateUpload(deps: UploadDeps, caller: Caller, id: string, context: RequestContext): Promise<void> {
  const record = await accessibleUpload(deps, caller, id)
  const outcome = await deps.uploads.terminate(id, traceOf(deps, caller, context), deps.clock.nowMs())
  switch (outcome.kind) {
    case 'missing':
      throw new AppError('upload_not_found')
    case 'locked':
      throw new AppError('upload_locked', { retryAfterMs: 1_000 })
    case 'completed':
      throw new AppError('upload_completed')
    case 'ended':
      throw new AppError('upload_expired')
    case 'terminated':
      // Now if that can be done; else the sweep does it, which was told in the same step.
      await deps.blobs.discard(record.key, {}).catch(() => {})
  }
}

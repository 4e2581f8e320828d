// What becomes of the uploads of a browser session that was abandoned: open ones end with it; what is whole stays, since somebody may have asked for it.
import type { UploadWorkDeps } from './deps.ts'
import { ownerOf } from './owner.ts'
import { maxOpen } from './policy.ts'

type SessionFileDeps = Pick<UploadWorkDeps, 'clock' | 'keyring' | 'uploads' | 'blobs'>

/** Ends the open uploads that the session's anonymous browser began, and removes their bytes. Twice is once. */
export async function endUploadsOfSession(deps: SessionFileDeps, session: string, partitions: number): Promise<void> {
  const owner = ownerOf(deps.keyring, { kind: 'anonymous', network: '' }, session, partitions)
  const trace = { requestId: '', actor: owner.print }
  const { records } = await deps.uploads.page(owner.index, undefined, 2 * maxOpen)
  for (const { id, key } of records) {
    const { kind } = await deps.uploads.terminate(id, trace, deps.clock.nowMs())
    if (kind === 'terminated') await deps.blobs.discard(key, {}).catch(() => {})
  }
}

// What can be kept: envelopes and documents, each found by its id.
import type { Caller } from '../caller.ts'
import { isDocumentId } from '../documents/id.ts'
import { accessibleDocument } from '../documents/read.ts'
import { ownedEnvelope } from '../envelopes/read.ts'
import type { RetentionDeps } from './deps.ts'

export type Subject = { endedAtMs?: number; isUnderWay: boolean }

/** Throws `envelope_not_found` or `document_not_found` when there is none or it is somebody else's. */
export async function accessibleSubject(deps: RetentionDeps, caller: Caller, id: string): Promise<Subject> {
  if (isDocumentId(id)) {
    await accessibleDocument(deps, caller, id)
    return { isUnderWay: false }
  }
  const { endedAtMs } = await ownedEnvelope(deps, caller, id)
  return endedAtMs === undefined ? { isUnderWay: true } : { endedAtMs, isUnderWay: false }
}

// Making a document of a stored upload: one script writes state, intent and event; the rest is the workers'.
import type { CreateDocumentRequest, DocumentSummary } from '../../contracts/document.ts'
import { AppError } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { DocumentRecord } from '../document-ports.ts'
import { runIdempotent } from '../idempotency.ts'
import { isUploadId } from '../uploads/id.ts'
import { ownerOf } from '../uploads/owner.ts'
import { uploadForDownload } from '../uploads/read.ts'
import { traceOf } from '../verification/access.ts'
import { enqueueSoon } from '../verification/enqueue-soon.ts'
import type { DocumentDeps } from './deps.ts'
import { createDocumentId } from './id.ts'
import { stageJob } from './jobs.ts'
import { analyserVersion } from './policy.ts'
import { sealTitle } from './title.ts'
import { summaryOf } from './view.ts'

const route = 'POST /v1/documents'

/**
 * The new document; with an Idempotency-Key the answer of the first time. Throws `upload_not_found`, `upload_incomplete` for one that is not stored (yet), and
 * `unsupported_media_type` for what is no PDF.
 */
export async function createDocument(
  deps: DocumentDeps,
  caller: Caller,
  request: CreateDocumentRequest,
  context: RequestContext,
): Promise<{ document: DocumentSummary; replayed: boolean }> {
  const owner = ownerOf(deps.keyring, caller, '', deps.uploadPolicy.partitions)
  const proposed = createDocumentId(owner.partition, deps.keyring.writingTag)
  const { answer, replayed } = await runIdempotent(
    deps,
    caller,
    route,
    context,
    request,
    async (id) => summaryOf(deps.keyring, await begin(deps, caller, request, context, { id, owner: owner.print }), deps.clock.nowMs()),
    proposed,
  )
  return { document: answer, replayed }
}

async function begin(
  deps: DocumentDeps,
  caller: Caller,
  { uploadId, title }: CreateDocumentRequest,
  context: RequestContext,
  { id, owner }: { id: string; owner: string },
): Promise<DocumentRecord> {
  if (!isUploadId(uploadId)) throw new AppError('upload_not_found')
  const { stored } = await uploadForDownload(deps, caller, uploadId)
  if (stored.mediaType !== 'application/pdf') {
    throw new AppError('unsupported_media_type', { detail: `Documents are made of PDF files; this upload is ${stored.mediaType}.` })
  }
  const nowMs = deps.clock.nowMs()
  const { sha256, bytes, key: storageKey } = stored
  const sealed = sealTitle(deps.keyring, id, title, nowMs)
  const fresh = { id, owner, uploadId, storageKey, sha256, bytes, sealed, version: analyserVersion, createdAtMs: nowMs }
  const record = await deps.documents.create(fresh, traceOf(deps, caller, context), nowMs)
  // So that lists show it from now on. The preflight's job writes it as well, should this fail.
  await deps.documentRows.save(record).catch(() => deps.telemetry.repaired('enqueue_deferred'))
  await enqueueSoon(deps, stageJob(id, 'preflight'))
  return record
}

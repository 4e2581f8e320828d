// Creating an upload: what is announced is judged before a byte is taken, then one script writes record, indexes, event and, if it is whole already, the intent.
import { randomUUID } from 'node:crypto'
import { AppError, invalidField } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import { runIdempotent } from '../idempotency.ts'
import { enqueueSoon } from '../verification/enqueue-soon.ts'
import { traceOf } from '../verification/access.ts'
import type { CreateOutcome, NewUpload, UploadRecord } from '../upload-ports.ts'
import type { UploadDeps } from './deps.ts'
import { createUploadId, isUploadId } from './id.ts'
import { finaliseJob } from './jobs.ts'
import { readMetadata, sealFacts, type FileFacts } from './metadata.ts'
import { ownerOf, type Owner } from './owner.ts'
import { idleMs, maxOpen, maxOpenBytes, uploadTypes } from './policy.ts'

/** What a creating request announces. `length` is missing when it is deferred, and for a final upload, whose parts say it. */
export type CreateRequest = {
  metadata: string
  length?: number
  concat?: { kind: 'partial' } | { kind: 'final'; parts: readonly string[] }
}

const route = 'POST /v1/uploads'

/**
 * The new upload; with an Idempotency-Key the one of the first time. Throws `invalid_request`, `too_large`, `insufficient_storage`, `too_many_uploads`,
 * `not_found` for somebody else's session, and `upload_not_found` for parts that cannot be joined.
 */
export async function createUpload(
  deps: UploadDeps,
  caller: Caller,
  request: CreateRequest,
  context: RequestContext,
): Promise<{ record: UploadRecord; replayed: boolean }> {
  const facts = readMetadata(request.metadata)
  const session = facts.sessionId ?? requireCredential(caller)
  const owner = ownerOf(deps.keyring, caller, session, deps.uploadPolicy.partitions)
  const maxBytes = Math.min(uploadTypes[facts.uploadType]?.maxBytes ?? 0, deps.uploadPolicy.maxBytes)
  if (request.length !== undefined && request.length > maxBytes)
    throw new AppError('too_large', { detail: `At most ${maxBytes} bytes are taken for this type of upload.` })
  const proposed = createUploadId(owner.partition, deps.keyring.writingTag)
  const { answer: id, replayed } = await runIdempotent(
    deps,
    caller,
    route,
    context,
    request,
    async (claimed) => {
      await requireRoom(deps, request.length ?? 0)
      if (facts.sessionId !== undefined) await requireSession(deps, facts.sessionId, owner)
      const upload = newUpload(deps, { id: claimed, request, facts, session, owner, maxBytes })
      const record = accept(
        await deps.uploads.create(upload, { maxOpen, maxOpenBytes }, traceOf(deps, caller, context), deps.clock.nowMs()),
      )
      if (record.status === 'completed' && record.concat !== 'partial') await enqueueSoon(deps, finaliseJob(record.id))
      return record.id
    },
    proposed,
  )
  const record = await deps.uploads.read(id)
  if (!record) throw new AppError('upload_expired')
  return { record, replayed }
}

/** Without a session there must be somebody to own it. */
function requireCredential(caller: Caller): string {
  if (caller.kind === 'anonymous') throw invalidField('/sessionId', 'is needed without a credential')
  return randomUUID()
}

async function requireSession(deps: UploadDeps, session: string, owner: Owner): Promise<void> {
  const print = deps.keyring.fingerprint('session', session)
  if (await deps.uploads.bindSession(session, print, owner.print, owner.isAnonymous)) return
  throw new AppError('not_found', { detail: 'There is no such session.' })
}

/** What is announced must fit beside the reserve; what is not announced is judged while it comes. */
export async function requireRoom(deps: Pick<UploadDeps, 'blobs' | 'uploadPolicy'>, bytes: number): Promise<void> {
  const free = await deps.blobs.freeBytes()
  if (free - bytes < deps.uploadPolicy.reserveBytes) throw new AppError('insufficient_storage', { retryAfterMs: 60_000 })
}

type Parts = { id: string; request: CreateRequest; facts: FileFacts; session: string; owner: Owner; maxBytes: number }

function newUpload(deps: UploadDeps, { id, request, facts, session, owner, maxBytes }: Parts): NewUpload {
  const nowMs = deps.clock.nowMs()
  const { concat } = request
  if (concat?.kind === 'final' && !concat.parts.every(isUploadId)) throw new AppError('upload_not_found')
  return {
    id,
    owner: owner.print,
    ownerIndex: owner.index,
    isAnonymous: owner.isAnonymous,
    session,
    key: `default/${session}/${id}`,
    uploadType: facts.uploadType,
    maxBytes,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + idleMs,
    sealed: sealFacts(deps.keyring, id, facts, nowMs),
    ...(request.length === undefined ? {} : { length: request.length }),
    ...(concat ? { concat: concat.kind } : {}),
    ...(concat?.kind === 'final' ? { parts: concat.parts } : {}),
  }
}

function accept(outcome: CreateOutcome): UploadRecord {
  switch (outcome.kind) {
    case 'created':
      return outcome.record
    case 'too_many':
      throw new AppError('too_many_uploads', { detail: `At most ${maxOpen} uploads may be open at once.`, retryAfterMs: 60_000 })
    case 'no_room':
      throw new AppError('insufficient_storage', { detail: 'The open uploads together are too large.', retryAfterMs: 60_000 })
    case 'too_large':
      throw new AppError('too_large', { detail: 'The parts together are too large.' })
    case 'bad_part':
      throw new AppError('upload_not_found', { detail: 'A part is missing, not whole yet, or was joined before.' })
  }
}

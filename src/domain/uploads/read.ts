// Reading uploads: one, its durable half, and the list of one's own.
import type { UploadPage, UploadSession, UploadSummary } from '../../contracts/upload.ts'
import { AppError, invalidField } from '../../errors.ts'
import { readCursor, writeCursor } from '../../lib/cursor.ts'
import { callerKey, isPrivileged, type Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import { enqueueSoon } from '../verification/enqueue-soon.ts'
import type { StoredUpload, UploadPosition, UploadRecord } from '../upload-ports.ts'
import type { UploadDeps } from './deps.ts'
import { finaliseJob } from './jobs.ts'
import { openFacts } from './metadata.ts'
import { accessibleUpload, isOpenTo, isOwn, ownerPrints } from './owner.ts'
import { sessionOf, storedSessionOf, storedSummaryOf, summaryOf } from './view.ts'

/** What tus tells of an upload: where it stands, and the client's own metadata. Throws `upload_not_found` and `upload_expired`. */
export async function uploadForResume(deps: UploadDeps, caller: Caller, id: string): Promise<{ record: UploadRecord; metadata: string }> {
  const record = await accessibleUpload(deps, caller, id)
  if (sessionOf(record, deps.clock.nowMs()).status === 'expired') throw new AppError('upload_expired')
  return { record, metadata: openFacts(deps.keyring, id, record.sealed).raw }
}

/** The session of an upload; a stored one's also when Redis is away or has forgotten it. Throws `upload_not_found`. */
export async function getUploadSession(deps: UploadDeps, caller: Caller, id: string): Promise<UploadSession> {
  const record = await deps.uploads.read(id).catch(async (error: unknown) => {
    if ((await storedOrNull(deps, id)) === null) throw error
    return null
  })
  if (record) {
    if (!isOpenTo(deps, caller, record)) throw new AppError('upload_not_found')
    return sessionOf(record, deps.clock.nowMs())
  }
  const stored = await storedOrNull(deps, id)
  if (!stored || !isOpenTo(deps, caller, stored)) throw new AppError('upload_not_found')
  return storedSessionOf(stored)
}

/** Asks for the finalisation once more; it is queued by itself with the last byte. Throws `upload_incomplete` while bytes are missing. */
export async function requestFinalisation(deps: UploadDeps, caller: Caller, id: string, _context: RequestContext): Promise<UploadSession> {
  const session = await getUploadSession(deps, caller, id)
  if (session.status === 'initialized' || session.status === 'uploading') throw new AppError('upload_incomplete')
  if (session.status === 'expired') throw new AppError('upload_expired')
  if (session.status === 'completed' || session.status === 'finalising') await enqueueSoon(deps, finaliseJob(id))
  return session
}

/** The stored upload for a download, with its names. Throws `upload_not_found`, and `upload_incomplete` while it is not stored. */
export async function uploadForDownload(deps: UploadDeps, caller: Caller, id: string): Promise<{ stored: StoredUpload; filename: string }> {
  const stored = await storedOrNull(deps, id)
  if (!stored) {
    const record = await deps.uploads.read(id)
    if (!record || !isOwn(deps.keyring, caller, record)) throw new AppError('upload_not_found')
    throw new AppError('upload_incomplete', { detail: `The upload is ${record.status}.` })
  }
  if (!isOwn(deps.keyring, caller, stored)) throw new AppError('upload_not_found')
  return { stored, filename: openFacts(deps.keyring, id, stored.sealed).filename ?? id }
}

async function storedOrNull(deps: UploadDeps, id: string): Promise<StoredUpload | null> {
  try {
    return await deps.storedUploads.read(id)
  } catch (cause) {
    throw new AppError('service_degraded', { retryAfterMs: 1_000 }, { cause })
  }
}

/** The caller's uploads, open ones, stored ones and those that ended lately, newest first; everybody's for those who see everything. */
export async function listUploads(
  deps: UploadDeps,
  caller: Caller,
  { first, after }: { first: number; after?: string | undefined },
): Promise<UploadPage> {
  const all = isPrivileged(caller)
  const scope = all ? 'uploads' : `uploads:${callerKey(caller)}`
  const before = after === undefined ? undefined : positionOf(readCursor(deps.keyring, scope, after))
  const index = all ? null : deps.keyring.fingerprint('uploads', callerKey(caller))
  const [open, stored] = await Promise.all([
    deps.uploads.page(index, before, first + 1),
    deps.storedUploads.page(all ? null : ownerPrints(deps.keyring, caller), before, first + 1).catch((cause: unknown) => {
      throw new AppError('service_degraded', { retryAfterMs: 1_000 }, { cause })
    }),
  ])
  const nowMs = deps.clock.nowMs()
  const merged = merge(
    open.records.map((record) => ({ at: record, node: summaryOf(deps.keyring, record, nowMs) })),
    stored.records.map((record) => ({ at: record, node: storedSummaryOf(deps.keyring, record) })),
  )
  const page = merged.slice(0, first)
  const cursorAt = (entry: Entry | undefined) => (entry ? writeCursor(deps.keyring, scope, `${entry.at.createdAtMs}.${entry.at.id}`) : null)
  return {
    nodes: page.map(({ node }) => node),
    totalCount: open.total + stored.total,
    pageInfo: {
      hasNextPage: merged.length > first,
      endCursor: cursorAt(page.at(-1)),
      hasPreviousPage: before !== undefined,
      startCursor: cursorAt(page[0]),
    },
  }
}

type Entry = { at: UploadPosition; node: UploadSummary }

/** One that is just moving from the one book to the other is in both: once is enough. */
function merge(open: readonly Entry[], stored: readonly Entry[]): Entry[] {
  const byId = new Map([...open, ...stored].map((entry) => [entry.at.id, entry]))
  return [...byId.values()].sort((a, b) => b.at.createdAtMs - a.at.createdAtMs || (a.at.id < b.at.id ? 1 : -1))
}

function positionOf(place: string | null): UploadPosition {
  const [createdAtMs = '', id = ''] = place?.split('.', 2) ?? []
  if (place === null || id === '') throw invalidField('/after', 'is no cursor of this list')
  return { createdAtMs: Number(createdAtMs), id }
}

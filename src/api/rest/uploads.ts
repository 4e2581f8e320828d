// Uploads besides their bytes: lists, sessions, finalisation, download. Bytes come in by tus (src/api/tus).
import { pipeline } from 'node:stream/promises'
import { emptyRequest } from '../../contracts/empty.ts'
import { getUploadSession, listUploads, requestFinalisation, uploadForDownload } from '../../domain/uploads/read.ts'
import { AppError, invalidField } from '../../errors.ts'
import { attachment } from '../attachment.ts'
import { readRange } from '../byte-range.ts'
import type { ApiDeps } from '../deps.ts'
import { contextOf, queryText } from '../request-context.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'
import { idOf } from '../tus/routes.ts'
import { uploadDocs as docs } from './uploads.docs.ts'

/** The routes of `/v1/uploads` that are not tus's own. */
export function uploadRoutes(deps: ApiDeps): Route[] {
  const one = '/v1/uploads/{id}'
  return [
    {
      method: 'get',
      path: '/v1/uploads',
      access: 'credential',
      scope: 'uploads',
      limit: 'general',
      doc: docs.list,
      handle: (call) => list(deps, call),
    },
    {
      method: 'get',
      path: `${one}/session`,
      access: 'anonymous',
      scope: 'uploads',
      limit: 'general',
      doc: docs.session,
      handle: async ({ req, res, caller }) => {
        const session = await getUploadSession(deps, caller, idOf(req))
        res.setHeader('ETag', `"${session.sequence}"`)
        res.json(session)
      },
    },
    routeWithBody({
      method: 'post',
      path: `${one}/finalise`,
      access: 'anonymous',
      scope: 'uploads',
      limit: 'general',
      body: { schema: emptyRequest, isOptional: true },
      doc: docs.finalise,
      handle: async (call) => {
        const { req, res, caller } = call
        const session = await requestFinalisation(deps, caller, idOf(req), contextOf(call))
        res.status(202).location(`/v1/uploads/${session.id}/session`).json(session)
      },
    }),
    {
      method: 'get',
      path: `${one}/file`,
      access: 'credential',
      scope: 'uploads',
      limit: 'general',
      doc: docs.file,
      handle: (call) => sendFile(deps, call),
    },
  ]
}

async function list(deps: ApiDeps, { req, res, caller }: Call): Promise<void> {
  const firstText = queryText(req, 'first') || '20'
  const first = Number(firstText)
  if (!/^\d{1,3}$/.test(firstText) || first < 1 || first > 100) throw invalidField('/first', 'must be 1 to 100')
  res.json(await listUploads(deps, caller, { first, after: queryText(req, 'after') || undefined }))
}

/** Whole or in part, and never shown in the page's own origin. */
async function sendFile(deps: ApiDeps, { req, res, caller }: Call): Promise<void> {
  const { stored, filename } = await uploadForDownload(deps, caller, idOf(req))
  const link = await deps.blobs.link(stored.key, { disposition: attachment(filename), mediaType: stored.mediaType })
  if (link !== null) {
    res.status(302).setHeader('Location', link)
    res.end()
    return
  }
  const etag = `"${stored.sha256}"`
  res.setHeader('ETag', etag)
  res.setHeader('Accept-Ranges', 'bytes')
  res.setHeader('Last-Modified', new Date(stored.storedAtMs).toUTCString())
  res.setHeader('Cache-Control', 'private, no-cache')
  if (req.headers['if-none-match']?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)) {
    res.status(304).end()
    return
  }
  const range = readRange(req, stored.bytes, etag)
  if (range === 'unsatisfiable') {
    res.setHeader('Content-Range', `bytes */${stored.bytes}`)
    throw new AppError('range_not_satisfiable')
  }
  res.setHeader('Content-Type', stored.mediaType.startsWith('text/') ? `${stored.mediaType}; charset=utf-8` : stored.mediaType)
  res.setHeader('Content-Disposition', attachment(filename))
  res.setHeader('Content-Length', String(range ? range.end - range.start + 1 : stored.bytes))
  res.status(range ? 206 : 200)
  if (range) res.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${stored.bytes}`)
  if (req.method === 'HEAD' || stored.bytes === 0) {
    res.end()
    return
  }
  const content = await deps.blobs.read(stored.key, range ?? undefined)
  // A reader that goes away is no fault of ours.
  await pipeline(content, res).catch((error: unknown) => {
    if (!res.destroyed) throw error
  })
}

// Documents: made of a stored upload, followed, read. Nothing of a file is opened here; what was found comes out as data and pictures.
import type { Request } from 'express'
import { createDocumentRequest } from '../../contracts/document.ts'
import { createDocument } from '../../domain/documents/create.ts'
import { getDocument, getDocumentText, getThumbnail, listDocuments } from '../../domain/documents/read.ts'
import { AppError, invalidField } from '../../errors.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOf, queryOf } from '../page-query.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'
import { documentDocs as docs } from './documents.docs.ts'

/** The routes of `/v1/documents`. */
export function documentsRoutes(deps: ApiDeps): Route[] {
  const one = '/v1/documents/{id}'
  const shared = { access: 'credential', scope: 'documents', limit: 'general' } as const
  return [
    routeWithBody({
      ...shared,
      method: 'post',
      path: '/v1/documents',
      body: { schema: createDocumentRequest },
      doc: docs.create,
      handle: async (call, body) => {
        const { document, replayed } = await createDocument(deps, call.caller, body, contextOf(call))
        if (replayed) call.res.setHeader('Idempotent-Replayed', 'true')
        call.res.status(202).location(`/v1/documents/${document.id}`).json(document)
      },
    }),
    {
      ...shared,
      method: 'get',
      path: '/v1/documents',
      limit: 'listing',
      doc: docs.list,
      handle: async ({ req, res, caller }) => void res.json(await listDocuments(deps, caller, pageOf(req))),
    },
    {
      ...shared,
      method: 'get',
      path: one,
      doc: docs.get,
      handle: async ({ req, res, caller }) => {
        const document = await getDocument(deps, caller, idOf(req))
        res.setHeader('ETag', `"${document.sequence}"`)
        res.json(document)
      },
    },
    { ...shared, method: 'get', path: `${one}/text`, doc: docs.text, handle: (call) => sendText(deps, call) },
    { ...shared, method: 'get', path: `${one}/thumbnails/{page}`, doc: docs.thumbnail, handle: (call) => sendThumbnail(deps, call) },
  ]
}

async function sendText(deps: ApiDeps, { req, res, caller }: Call): Promise<void> {
  const wanted = queryOf(req, 'page')
  const report = await getDocumentText(deps, caller, idOf(req))
  const pages = wanted === undefined ? report.pages : report.pages.filter(({ page }) => page === pageNumber(wanted))
  if (wanted !== undefined && pages.length === 0) throw new AppError('not_found', { detail: 'There is no text of this page.' })
  res.setHeader('Vary', 'Accept')
  if (req.accepts(['text/plain', 'application/json']) === 'application/json') {
    res.json({ ...report, pages })
    return
  }
  res.setHeader('Content-Type', 'text/plain; charset=utf-8')
  res.end(pages.map(({ text }) => text).join('\f'))
}

async function sendThumbnail(deps: ApiDeps, { req, res, caller }: Call): Promise<void> {
  const { webp, etag } = await getThumbnail(deps, caller, idOf(req), pageNumber(req.params.page))
  res.setHeader('ETag', etag)
  res.setHeader('Cache-Control', 'private, max-age=3600')
  if (req.headers['if-none-match']?.split(',').some((tag) => tag.trim() === etag)) {
    res.status(304).end()
    return
  }
  res.setHeader('Content-Type', 'image/webp')
  res.end(webp)
}

function pageNumber(text: unknown): number {
  if (typeof text !== 'string' || !/^[1-9]\d{0,3}$/.test(text)) throw invalidField('/page', 'must be the number of a page, from 1')
  return Number(text)
}

function idOf(req: Request): string {
  return typeof req.params.id === 'string' ? req.params.id : ''
}

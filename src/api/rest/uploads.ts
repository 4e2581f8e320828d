// Uploads besides their bytes: lists, sessions, finalisation, download. Bytes come in by tus (src/api/tus).
import { emptyRequest } from '../../contracts/empty.ts'
import { getUploadSession, listUploads, requestFinalisation, uploadForDownload } from '../../domain/uploads/read.ts'
import { invalidField } from '../../errors.ts'
import type { ApiDeps } from '../deps.ts'
import { contextOf, queryText } from '../request-context.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'
import { sendStored } from '../send-stored.ts'
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
      limit: 'listing',
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

async function sendFile(deps: ApiDeps, call: Call): Promise<void> {
  const { stored, filename } = await uploadForDownload(deps, call.caller, idOf(call.req))
  await sendStored(deps, call, { ...stored, filename })
}

// Compliance checks: asked for, followed, read as data or as a report. What is checked and what follows from it is the domain's.
import { pipeline } from 'node:stream/promises'
import { startCheckRequest } from '../../contracts/compliance.ts'
import { getCheck, getReport, listChecks } from '../../domain/compliance/read.ts'
import { startCheck } from '../../domain/compliance/start.ts'
import { viewOf } from '../../domain/compliance/view.ts'
import { AppError, invalidField } from '../../errors.ts'
import { attachment } from '../attachment.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOf, queryOf } from '../page-query.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'
import { complianceDocs as docs } from './compliance.docs.ts'
import { idIn } from './id-in.ts'

const pdf = 'application/pdf'

/** `/v1/documents/{id}/compliance-checks` and `/v1/compliance-checks/{id}`. */
export function complianceRoutes(deps: ApiDeps): Route[] {
  const ofDocument = '/v1/documents/{id}/compliance-checks'
  const shared = { access: 'credential', scope: 'documents', limit: 'general' } as const
  return [
    routeWithBody({
      ...shared,
      method: 'post',
      path: ofDocument,
      body: { schema: startCheckRequest },
      doc: docs.start,
      handle: async (call, body) => {
        const { record, replayed } = await startCheck(deps, call.caller, idIn(call, 'doc'), body, contextOf(call))
        if (replayed) call.res.setHeader('Idempotent-Replayed', 'true')
        call.res.status(202).location(`/v1/compliance-checks/${record.id}`).json(viewOf(record, deps.ruleSet))
      },
    }),
    {
      ...shared,
      method: 'get',
      path: ofDocument,
      limit: 'listing',
      doc: docs.list,
      handle: async (call) => void call.res.json(await listChecks(deps, call.caller, idIn(call, 'doc'), pageOf(call.req))),
    },
    { ...shared, method: 'get', path: '/v1/compliance-checks/{id}', doc: docs.get, handle: (call) => send(deps, call) },
  ]
}

async function send(deps: ApiDeps, call: Call): Promise<void> {
  const { res, caller } = call
  const id = idIn(call, 'chk')
  res.setHeader('Vary', 'Accept')
  if (wantsReport(call)) return sendReport(deps, call, id)
  const check = await getCheck(deps, caller, id)
  res.setHeader('ETag', `"${check.sequence}"`)
  res.json(check)
}

/** `format` wins over Accept. */
function wantsReport({ req }: Call): boolean {
  const format = queryOf(req, 'format')
  if (format !== undefined && format !== 'pdf' && format !== 'json') throw invalidField('/format', 'must be json or pdf')
  if (format !== undefined) return format === 'pdf'
  const accepted = req.accepts(['application/json', pdf])
  if (accepted === false) throw new AppError('not_acceptable')
  return accepted === pdf
}

async function sendReport(deps: ApiDeps, { req, res, caller }: Call, id: string): Promise<void> {
  const { key, bytes } = await getReport(deps, caller, id)
  const content = await deps.blobs.read(key)
  res.setHeader('Content-Type', pdf)
  res.setHeader('Content-Disposition', attachment(`${id}.pdf`))
  res.setHeader('Content-Length', String(bytes))
  res.setHeader('Cache-Control', 'private, no-cache')
  // A reader that goes away is no fault of ours.
  await pipeline(content, res).catch((error: unknown) => {
    if (!req.destroyed && !res.destroyed) throw error
  })
}

// How long envelopes and documents are kept, and legal holds. Every decision is the domain's.
import { assignRetentionRequest, legalHoldRequest } from '../../contracts/retention.ts'
import { assignRetention } from '../../domain/retention/assign.ts'
import { liftHold, placeHold, readRetention } from '../../domain/retention/hold.ts'
import { AppError } from '../../errors.ts'
import type { ApiDeps } from '../deps.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Route } from '../route.ts'
import { idIn } from './id-in.ts'
import { retentionDocs as docs } from './retention.docs.ts'

const kinds = [
  { folder: 'envelopes', prefix: 'env', docs: docs.envelopes },
  { folder: 'documents', prefix: 'doc', docs: docs.documents },
] as const

/** `/v1/retention/{subject}`, and `retention` and `legal-hold` beneath each envelope and document. */
export function retentionRoutes(deps: ApiDeps): Route[] {
  return [readRoute(deps), ...kinds.flatMap((kind) => routesOf(deps, kind))]
}

function readRoute(deps: ApiDeps): Route {
  return {
    method: 'get',
    path: '/v1/retention/{subject}',
    access: 'credential',
    scope: 'envelopes',
    limit: 'general',
    doc: docs.read,
    handle: async ({ req, res, caller }) => {
      const { subject } = req.params
      if (typeof subject !== 'string') throw new AppError('not_found')
      res.json(await readRetention(deps, caller, subject))
    },
  }
}

function routesOf(deps: ApiDeps, { folder, prefix, docs }: (typeof kinds)[number]): Route[] {
  const hold = `/v1/${folder}/{id}/legal-hold`
  return [
    routeWithBody({
      method: 'put',
      path: `/v1/${folder}/{id}/retention`,
      access: 'credential',
      scope: folder,
      limit: 'general',
      body: { schema: assignRetentionRequest },
      doc: docs.assign,
      handle: async (call, body) =>
        void call.res.json(await assignRetention(deps, call.caller, idIn(call, prefix), body.class, contextOf(call))),
    }),
    routeWithBody({
      method: 'put',
      path: hold,
      access: 'admin',
      limit: 'general',
      body: { schema: legalHoldRequest },
      doc: docs.hold,
      handle: async (call, body) =>
        void call.res.json(await placeHold(deps, call.caller, idIn(call, prefix), body.reason, contextOf(call))),
    }),
    {
      method: 'delete',
      path: hold,
      access: 'admin',
      limit: 'general',
      doc: docs.lift,
      handle: async (call) => void call.res.json(await liftHold(deps, call.caller, idIn(call, prefix), contextOf(call))),
    },
  ]
}

// Sessions over HTTP: open, look, change, sign out, step up, count. Every decision is the domain's.
import { batchSignOutRequest, createSessionRequest, patchSessionRequest, stepUpRequest } from '../../contracts/session.ts'
import { endAllSessions, endSession, patchSession, signOutMany } from '../../domain/sessions/change.ts'
import { openSession, proposeSessionId } from '../../domain/sessions/open.ts'
import { getSession, listSessions } from '../../domain/sessions/read.ts'
import { readSessionStatistics } from '../../domain/sessions/statistics.ts'
import { stepUp } from '../../domain/sessions/step-up.ts'
import type { ApiDeps } from '../deps.ts'
import { idempotently } from '../idempotent.ts'
import { pageOf, queryOf } from '../page-query.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'
import { sessionDocs as docs } from './sessions.docs.ts'

const all = '/v1/sessions'
const shared = { access: 'credential', scope: 'sessions', limit: 'general' } as const

/** The routes of `/v1/sessions`. */
export function sessionRoutes(deps: ApiDeps): Route[] {
  return [
    routeWithBody({
      ...shared,
      method: 'post',
      path: all,
      body: { schema: createSessionRequest, isOptional: true },
      doc: docs.create,
      handle: async (call, body) => {
        const work = (id: string) => openSession(deps, call.caller, id, body, call.req.headers['user-agent'], contextOf(call))
        const session = await idempotently(deps, call, `POST ${all}`, body, work, proposeSessionId(deps, call.caller, body))
        call.res.status(201).location(`${all}/${session.id}`).json(session)
      },
    }),
    {
      ...shared,
      method: 'get',
      path: all,
      limit: 'listing',
      doc: docs.list,
      handle: async ({ req, res, caller }) =>
        void res.json(await listSessions(deps, caller, { userId: queryOf(req, 'userId'), ...pageOf(req) })),
    },
    {
      ...shared,
      method: 'delete',
      path: all,
      doc: docs.endAll,
      handle: async (call) => {
        const whose = { userId: queryOf(call.req, 'userId'), keep: queryOf(call.req, 'keep') }
        call.res.json({ ended: await endAllSessions(deps, call.caller, whose, contextOf(call)) })
      },
    },
    {
      ...shared,
      method: 'get',
      path: `${all}/stats`,
      access: 'admin',
      doc: docs.stats,
      handle: async ({ res }) => void res.json(await readSessionStatistics(deps)),
    },
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${all}/batch-sign-out`,
      access: 'admin',
      body: { schema: batchSignOutRequest },
      doc: docs.batchSignOut,
      handle: async (call, body) => void call.res.json(await signOutMany(deps, call.caller, body, contextOf(call))),
    }),
    ...oneSession(deps, `${all}/{id}`),
  ]
}

function oneSession(deps: ApiDeps, path: string): Route[] {
  return [
    {
      ...shared,
      method: 'get',
      path,
      doc: docs.read,
      handle: async (call) => void call.res.json(await getSession(deps, call.caller, idOf(call))),
    },
    routeWithBody({
      ...shared,
      method: 'patch',
      path,
      body: { schema: patchSessionRequest },
      doc: docs.patch,
      handle: async (call, body) => void call.res.json(await patchSession(deps, call.caller, idOf(call), body, contextOf(call))),
    }),
    {
      ...shared,
      method: 'delete',
      path,
      doc: docs.end,
      handle: async (call) => {
        await endSession(deps, call.caller, idOf(call), contextOf(call))
        call.res.status(204).end()
      },
    },
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${path}/step-up`,
      body: { schema: stepUpRequest },
      doc: docs.stepUp,
      handle: async (call, { proof }) => {
        const id = idOf(call)
        const work = (useId: string) => stepUp(deps, call.caller, id, { proof, useId }, contextOf(call))
        call.res.json(await idempotently(deps, call, `POST ${all}/${id}/step-up`, { proof }, work))
      },
    }),
  ]
}

/** The id in the address; a text that is no id of ours finds nothing, which the domain says. */
function idOf({ req }: Call): string {
  const { id } = req.params
  return typeof id === 'string' ? id : ''
}

// One's own notifications over HTTP. How they come about, and which become mails, is the domain's.
import type { Request } from 'express'
import { emptyRequest } from '../../contracts/empty.ts'
import { listNotifications, readAllNotifications, readNotification } from '../../domain/notifications/read.ts'
import { traceOf } from '../../domain/verification/access.ts'
import { invalidField } from '../../errors.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOf, queryOf } from '../page-query.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'
import { idIn } from './id-in.ts'
import { notificationDocs as docs } from './notifications.docs.ts'

/** The routes of `/v1/notifications`. */
export function notificationRoutes(deps: ApiDeps): Route[] {
  const all = '/v1/notifications'
  const shared = { access: 'credential', scope: 'envelopes', limit: 'general' } as const
  const trace = (call: Call) => traceOf(deps, call.caller, contextOf(call))
  return [
    {
      ...shared,
      method: 'get',
      path: all,
      limit: 'listing',
      doc: docs.list,
      handle: async ({ req, res, caller }) => {
        res.setHeader('Cache-Control', 'no-store')
        res.json(await listNotifications(deps, caller, { ...pageOf(req), isUnreadOnly: unreadOf(req) }))
      },
    },
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${all}/read-all`,
      body: { schema: emptyRequest, isOptional: true },
      doc: docs.readAll,
      handle: async (call) => void call.res.json(await readAllNotifications(deps, call.caller, trace(call))),
    }),
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${all}/{id}/read`,
      body: { schema: emptyRequest, isOptional: true },
      doc: docs.read,
      handle: async (call) => void call.res.json(await readNotification(deps, call.caller, idIn(call, 'ntf'), trace(call))),
    }),
  ]
}

function unreadOf(req: Request): boolean {
  const given = queryOf(req, 'unread')
  if (given !== undefined && given !== 'true' && given !== 'false') throw invalidField('/unread', 'must be true or false')
  return given === 'true'
}

// What is common to all flows over HTTP: claiming after sign-in, submissions, analytics.
import { emptyRequest } from '../../contracts/empty.ts'
import { claimFlows } from '../../domain/flows/claim.ts'
import { readAllAnalytics, readAnalytics } from '../../domain/flows/analytics.ts'
import { readSubmission } from '../../domain/flows/read-submission.ts'
import { goesOnWithoutRedis, RedisPatience } from '../../domain/pending-operations/admission.ts'
import type { ApiDeps } from '../deps.ts'
import { contextOf, queryText } from '../request-context.ts'
import { takeRequest } from '../request-limit.ts'
import { routeWithBody, type Route } from '../route.ts'
import { flowDocs as docs } from './flows.docs.ts'
import { pathId } from './flow-answers.ts'

/** The routes of `/v1/flows`. */
export function flowRoutes(deps: ApiDeps): Route[] {
  const shared = { scope: 'flows', limit: 'general' } as const
  return [
    routeWithBody({
      ...shared,
      method: 'post',
      path: '/v1/flows/claim',
      access: 'credential',
      body: { schema: emptyRequest, isOptional: true },
      doc: docs.claim,
      handle: async (call) => void call.res.json(await claimFlows(deps, call.caller, contextOf(call))),
    }),
    {
      ...shared,
      method: 'get',
      path: '/v1/flows/analytics',
      access: 'admin',
      doc: docs.analytics,
      handle: async ({ req, res }) => {
        const definition = queryText(req, 'definition')
        res.json(definition === '' ? { nodes: await readAllAnalytics(deps) } : await readAnalytics(deps, definition))
      },
    },
    {
      ...shared,
      method: 'get',
      path: '/v1/flows/submissions/{id}',
      access: 'anonymous',
      // A durable read: a server with a key goes on while Redis, and with it the counter, is away.
      limit: 'domain',
      doc: docs.submission,
      handle: async (call) => {
        await new RedisPatience(goesOnWithoutRedis(call.caller)).ask(() => takeRequest(deps, call.caller))
        call.res.json(await readSubmission(deps, call.caller, pathId(call, 'id', 'sub')))
      },
    },
  ]
}

// OAuth states over HTTP: make, look, consume. Every decision is the domain's.
import { consumeOauthStateRequest, createOauthStateRequest } from '../../contracts/oauth-state.ts'
import { consumeOauthState, createOauthState, inspectOauthState } from '../../domain/oauth-state/oauth-state.ts'
import { runIdempotent } from '../../domain/idempotency.ts'
import { freshBinding, keepBinding, withBinding } from '../bound-caller.ts'
import type { ApiDeps } from '../deps.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Route } from '../route.ts'
import { pathText } from './flow-answers.ts'
import { oauthStateDocs as docs } from './oauth-states.docs.ts'

/** The routes of `/v1/oauth/states`. */
export function oauthStateRoutes(deps: ApiDeps): Route[] {
  const one = '/v1/oauth/states/{state}'
  const shared = { access: 'anonymous', scope: 'flows', limit: 'general' } as const
  return [
    routeWithBody({
      ...shared,
      method: 'post',
      path: '/v1/oauth/states',
      body: { schema: createOauthStateRequest },
      doc: docs.create,
      handle: async (call, body) => {
        const context = contextOf(call)
        const { caller, fresh } =
          call.caller.kind === 'api-key' || body.binding !== undefined
            ? { caller: call.caller }
            : withBinding(call.caller, freshBinding(deps, call.caller, context.idempotencyKey, body))
        const work = () => createOauthState(deps, caller, body, context)
        const { answer, replayed } = await runIdempotent(deps, caller, 'POST /v1/oauth/states', context, body, work)
        keepBinding(deps, call.res, fresh)
        if (replayed) call.res.setHeader('Idempotent-Replayed', 'true')
        call.res.status(201).json(answer)
      },
    }),
    {
      ...shared,
      method: 'get',
      path: one,
      doc: docs.read,
      handle: async (call) => void call.res.json(await inspectOauthState(deps, call.caller, pathText(call, 'state'))),
    },
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${one}/consume`,
      body: { schema: consumeOauthStateRequest, isOptional: true },
      doc: docs.consume,
      handle: async (call, body) => {
        const state = pathText(call, 'state')
        const context = contextOf(call)
        const work = () => consumeOauthState(deps, call.caller, state, body.binding, context)
        const { answer, replayed } = await runIdempotent(
          deps,
          call.caller,
          'POST /v1/oauth/states/{state}/consume',
          context,
          { state, ...body },
          work,
        )
        if (replayed) call.res.setHeader('Idempotent-Replayed', 'true')
        call.res.json(answer)
      },
    }),
  ]
}

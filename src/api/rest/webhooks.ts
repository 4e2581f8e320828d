// Webhook endpoints and deliveries over HTTP, for admins. Every decision is the domain's.
import { emptyRequest } from '../../contracts/empty.ts'
import { changeEndpointRequest, createEndpointRequest, rotateRequest } from '../../contracts/webhook.ts'
import { runIdempotent } from '../../domain/idempotency.ts'
import { traceOf } from '../../domain/verification/access.ts'
import { listDeliveries, replayDelivery, sendTest } from '../../domain/webhooks/deliveries.ts'
import {
  changeEndpoint,
  createEndpoint,
  getEndpoint,
  listEndpoints,
  removeEndpoint,
  rotateEndpointKey,
} from '../../domain/webhooks/endpoints.ts'
import type { ApiDeps } from '../deps.ts'
import { idempotently } from '../idempotent.ts'
import { pageOf } from '../page-query.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'
import { idIn } from './id-in.ts'
import { webhookDocs as docs } from './webhooks.docs.ts'

/** The routes of `/v1/webhook-endpoints` and `/v1/webhook-deliveries`. */
export function webhookRoutes(deps: ApiDeps): Route[] {
  const shared = { access: 'admin', limit: 'general' } as const
  const all = '/v1/webhook-endpoints'
  const one = `${all}/{id}`
  const trace = (call: Call) => traceOf(deps, call.caller, contextOf(call))
  return [
    routeWithBody({
      ...shared,
      method: 'post',
      path: all,
      body: { schema: createEndpointRequest },
      doc: docs.create,
      handle: async (call, body) => {
        const work = () => createEndpoint(deps, body, trace(call))
        const { answer, replayed } = await runIdempotent(deps, call.caller, `POST ${all}`, contextOf(call), body, work)
        if (replayed) call.res.setHeader('Idempotent-Replayed', 'true')
        call.res.setHeader('Cache-Control', 'no-store')
        call.res.status(201).location(`${all}/${answer.id}`).json(answer)
      },
    }),
    {
      ...shared,
      method: 'get',
      path: all,
      limit: 'listing',
      doc: docs.list,
      handle: async (call) => void call.res.json(await listEndpoints(deps, pageOf(call.req))),
    },
    {
      ...shared,
      method: 'get',
      path: one,
      doc: docs.read,
      handle: async (call) => void call.res.json(await getEndpoint(deps, idIn(call, 'whe'))),
    },
    routeWithBody({
      ...shared,
      method: 'patch',
      path: one,
      body: { schema: changeEndpointRequest },
      doc: docs.change,
      handle: async (call, body) => void call.res.json(await changeEndpoint(deps, idIn(call, 'whe'), body, trace(call))),
    }),
    {
      ...shared,
      method: 'delete',
      path: one,
      doc: docs.remove,
      handle: async (call) => {
        await removeEndpoint(deps, idIn(call, 'whe'), trace(call))
        call.res.status(204).end()
      },
    },
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${one}/rotate`,
      body: { schema: rotateRequest, isOptional: true },
      doc: docs.rotate,
      handle: async (call, body) => {
        const id = idIn(call, 'whe')
        const work = () => rotateEndpointKey(deps, id, body.overlap, trace(call))
        call.res.setHeader('Cache-Control', 'no-store')
        call.res.json(await idempotently(deps, call, `POST ${all}/${id}/rotate`, body, work))
      },
    }),
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${one}/test`,
      body: { schema: emptyRequest, isOptional: true },
      doc: docs.test,
      handle: async (call, body) => {
        const id = idIn(call, 'whe')
        const deliveryId = await idempotently(deps, call, `POST ${all}/${id}/test`, body, () => sendTest(deps, id, deps.deliverSoon))
        call.res.status(202).location(`${all}/${id}/deliveries`).json({ deliveryId })
      },
    }),
    {
      ...shared,
      method: 'get',
      path: `${one}/deliveries`,
      limit: 'listing',
      doc: docs.deliveries,
      handle: async (call) => void call.res.json(await listDeliveries(deps, idIn(call, 'whe'), pageOf(call.req))),
    },
    routeWithBody({
      ...shared,
      method: 'post',
      path: '/v1/webhook-deliveries/{id}/replay',
      body: { schema: emptyRequest, isOptional: true },
      doc: docs.replay,
      handle: async (call) => {
        const deliveryId = idIn(call, 'whd')
        await replayDelivery(deps, deliveryId, trace(call), deps.deliverSoon)
        call.res.status(202).json({ deliveryId })
      },
    }),
  ]
}

// Envelopes over HTTP: sent, followed, taken back, asked for again, and their acts. What signers do is done on their own pages.
import { createHash } from 'node:crypto'
import { cancelEnvelopeRequest, createEnvelopeRequest, resendEnvelopeRequest, type EnvelopeView } from '../../contracts/envelope.ts'
import { cancelEnvelope } from '../../domain/envelopes/cancel.ts'
import { createEnvelope } from '../../domain/envelopes/create.ts'
import { getEnvelope, getEnvelopeActs, listEnvelopes } from '../../domain/envelopes/read.ts'
import { resendEnvelope } from '../../domain/envelopes/resend.ts'
import { summaryOf } from '../../domain/envelopes/view.ts'
import type { EnvelopeRecord } from '../../domain/envelope-ports.ts'
import type { ApiDeps } from '../deps.ts'
import { idempotently } from '../idempotent.ts'
import { pageOf } from '../page-query.ts'
import { contextOf, hasSeen } from '../request-context.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'
import { envelopeDocs as docs } from './envelopes.docs.ts'

/** The routes of `/v1/envelopes`. */
export function envelopeRoutes(deps: ApiDeps): Route[] {
  const all = '/v1/envelopes'
  const one = `${all}/{id}`
  const shared = { access: 'credential', scope: 'envelopes', limit: 'general' } as const
  const shown = (record: EnvelopeRecord) => summaryOf(deps.keyring, record, 'owner', deps.clock.nowMs())
  return [
    routeWithBody({
      ...shared,
      method: 'post',
      path: all,
      body: { schema: createEnvelopeRequest },
      doc: docs.create,
      handle: async (call, body) => {
        const { envelope, replayed } = await createEnvelope(deps, call.caller, body, contextOf(call))
        if (replayed) call.res.setHeader('Idempotent-Replayed', 'true')
        call.res.status(202).location(`${all}/${envelope.id}`).json(envelope)
      },
    }),
    {
      ...shared,
      method: 'get',
      path: all,
      limit: 'listing',
      doc: docs.list,
      handle: async ({ req, res, caller }) => void res.json(await listEnvelopes(deps, caller, pageOf(req))),
    },
    {
      ...shared,
      method: 'get',
      path: one,
      doc: docs.get,
      handle: async (call) => {
        const envelope = await getEnvelope(deps, call.caller, idOf(call))
        const etag = tagOf(envelope)
        call.res.setHeader('ETag', etag)
        if (hasSeen(call.req, etag)) return void call.res.status(304).end()
        call.res.json(envelope)
      },
    },
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${one}/cancel`,
      body: { schema: cancelEnvelopeRequest, isOptional: true },
      doc: docs.cancel,
      handle: async (call, { reason }) =>
        void call.res.json(shown(await cancelEnvelope(deps, call.caller, idOf(call), reason, contextOf(call)))),
    }),
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${one}/resend`,
      body: { schema: resendEnvelopeRequest, isOptional: true },
      doc: docs.resend,
      handle: async (call, body) => {
        const id = idOf(call)
        const work = async () => shown(await resendEnvelope(deps, call.caller, id, body.signer, contextOf(call)))
        call.res.status(202).json(await idempotently(deps, call, `POST ${all}/${id}/resend`, body, work))
      },
    }),
    {
      ...shared,
      method: 'get',
      path: `${one}/acts`,
      doc: docs.acts,
      handle: async (call) => void call.res.json(await getEnvelopeActs(deps, call.caller, idOf(call))),
    },
  ]
}

/** Mails and the steps of sealing change without an act, and who looks sees a part or all of it: the sequence alone does not tell answers apart. */
function tagOf(envelope: EnvelopeView): string {
  const print = createHash('sha256').update(JSON.stringify(envelope)).digest('base64url')
  return `"${envelope.sequence}.${print.slice(0, 16)}"`
}

function idOf({ req }: Call): string {
  return typeof req.params.id === 'string' ? req.params.id : ''
}

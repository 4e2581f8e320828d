// API keys over HTTP, for admins. Every decision is the domain's.
import { apiKey, apiKeyPage, apiKeyWithSecret, createApiKeyRequest, rotateApiKeyRequest } from '../../contracts/api-key.ts'
import { createApiKey, getApiKey, listApiKeys, revokeApiKey, rotateApiKey } from '../../domain/api-keys/api-keys.ts'
import { runIdempotent } from '../../domain/idempotency.ts'
import { traceOf } from '../../domain/verification/access.ts'
import type { ApiDeps } from '../deps.ts'
import { idempotently } from '../idempotent.ts'
import { pageOf } from '../page-query.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'
import { idIn } from './id-in.ts'

const tag = 'API keys'
const idempotencyKey = { in: 'header', name: 'Idempotency-Key', means: 'The same key and body give the same answer for 24 hours.' } as const

/** The routes of `/v1/api-keys`. */
export function apiKeyRoutes(deps: ApiDeps): Route[] {
  const shared = { access: 'admin', limit: 'general' } as const
  const all = '/v1/api-keys'
  const one = `${all}/{id}`
  const trace = (call: Call) => traceOf(deps, call.caller, contextOf(call))
  return [
    routeWithBody({
      ...shared,
      method: 'post',
      path: all,
      body: { schema: createApiKeyRequest },
      doc: {
        id: 'createApiKey',
        tag,
        summary: 'Make an API key',
        details: 'The key is in this answer and in no other. Without scopes it may do everything that is no admin’s.',
        parameters: [idempotencyKey],
        example: { name: 'shop', scopes: ['verifications'] },
        answers: [{ status: 201, means: 'Made.', schema: apiKeyWithSecret, headers: { Location: 'its address' } }],
        problems: ['invalid_request', 'idempotency_key_reused', 'idempotency_key_in_progress'],
      },
      handle: async (call, body) => {
        const work = () => createApiKey(deps, body, trace(call))
        const { answer, replayed } = await runIdempotent(deps, call.caller, `POST ${all}`, contextOf(call), body, work)
        if (replayed) call.res.setHeader('Idempotent-Replayed', 'true')
        sendSecret(call, 201, `${all}/${answer.id}`, answer)
      },
    }),
    {
      ...shared,
      method: 'get',
      path: all,
      limit: 'listing',
      doc: {
        id: 'listApiKeys',
        tag,
        summary: 'List API keys',
        details: 'Newest first, revoked ones included.',
        parameters: [
          { in: 'query', name: 'first', means: '1 to 100, 20 if left out' },
          { in: 'query', name: 'after', means: 'a cursor' },
        ],
        answers: [{ status: 200, means: 'A page.', schema: apiKeyPage }],
        problems: ['invalid_request'],
      },
      handle: async (call) => void call.res.json(await listApiKeys(deps, pageOf(call.req))),
    },
    {
      ...shared,
      method: 'get',
      path: one,
      doc: {
        id: 'getApiKey',
        tag,
        summary: 'Read what is known of a key',
        answers: [{ status: 200, means: 'The key, without itself.', schema: apiKey }],
        problems: ['not_found'],
      },
      handle: async (call) => void call.res.json(await getApiKey(deps, idIn(call, 'key'))),
    },
    {
      ...shared,
      method: 'delete',
      path: one,
      doc: {
        id: 'revokeApiKey',
        tag,
        summary: 'Revoke a key',
        details: 'From the next request on it opens nothing.',
        answers: [{ status: 204, means: 'Revoked.' }],
        problems: ['not_found'],
      },
      handle: async (call) => {
        await revokeApiKey(deps, idIn(call, 'key'), trace(call))
        call.res.status(204).end()
      },
    },
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${one}/rotate`,
      body: { schema: rotateApiKeyRequest, isOptional: true },
      doc: {
        id: 'rotateApiKey',
        tag,
        summary: 'Exchange a key',
        details: 'A new key for the same id; the old one goes on for `overlap` seconds (a day if left out, at most a week).',
        parameters: [idempotencyKey],
        example: { overlap: 3600 },
        answers: [{ status: 200, means: 'The new key, shown only now.', schema: apiKeyWithSecret }],
        problems: ['not_found'],
      },
      handle: async (call, body) => {
        const id = idIn(call, 'key')
        const work = () => rotateApiKey(deps, id, body.overlap, trace(call))
        sendSecret(call, 200, undefined, await idempotently(deps, call, `POST ${all}/${id}/rotate`, body, work))
      },
    }),
  ]
}

/** Nothing on the way may keep an answer that shows a key. */
function sendSecret({ res }: Call, status: number, location: string | undefined, answer: object): void {
  res.setHeader('Cache-Control', 'no-store')
  if (location !== undefined) res.location(location)
  res.status(status).json(answer)
}

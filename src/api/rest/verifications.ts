// Verifications over HTTP: start, follow, check, resend, cancel, confirm. Every decision is the domain's.
import { emptyRequest } from '../../contracts/empty.ts'
import {
  checkVerificationRequest,
  confirmVerificationRequest,
  resendVerificationRequest,
  startVerificationRequest,
  type Channel,
  type StartVerificationRequest,
  type Verification,
} from '../../contracts/verification.ts'
import { runIdempotent } from '../../domain/idempotency.ts'
import { cancelVerification } from '../../domain/verification/cancel.ts'
import { checkVerification } from '../../domain/verification/check.ts'
import { confirmLink } from '../../domain/verification/link.ts'
import { getVerification, listAttempts, waitForVerification } from '../../domain/verification/read.ts'
import { resendVerification } from '../../domain/verification/resend.ts'
import { startVerification } from '../../domain/verification/start.ts'
import { AppError } from '../../errors.ts'
import { readId } from '../../lib/ids.ts'
import { boundCaller, freshBinding, keepBinding } from '../bound-caller.ts'
import type { ApiDeps } from '../deps.ts'
import { abortedWith, contextOf, preferredWaitMs, seenSequence } from '../request-context.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'
import { verificationDocs as docs } from './verifications.docs.ts'

/** The routes of `/v1/verifications`. */
export function verificationRoutes(deps: ApiDeps): Route[] {
  const one = '/v1/verifications/{id}'
  const shared = { access: 'anonymous', limit: 'general' } as const
  return [
    routeWithBody({
      ...shared,
      method: 'post',
      path: '/v1/verifications',
      limit: 'domain',
      body: { schema: startVerificationRequest },
      doc: docs.start,
      handle: (call, body) => start(deps, call, body),
    }),
    routeWithBody({
      ...shared,
      method: 'post',
      path: '/v1/verifications/confirm',
      body: { schema: confirmVerificationRequest },
      doc: docs.confirm,
      handle: async (call, { token }) => {
        call.res.json(await confirmLink(deps, call.caller, token, contextOf(call)))
      },
    }),
    { ...shared, method: 'get', path: one, doc: docs.read, handle: (call) => read(deps, call) },
    {
      ...shared,
      method: 'get',
      path: `${one}/attempts`,
      doc: docs.attempts,
      handle: async (call) => {
        call.res.json(await listAttempts(deps, call.caller, idOf(call)))
      },
    },
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${one}/check`,
      limit: 'domain',
      body: { schema: checkVerificationRequest },
      doc: docs.check,
      handle: async (call, { code }) => {
        call.res.json(await checkVerification(deps, call.caller, idOf(call), code, contextOf(call)))
      },
    }),
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${one}/resend`,
      body: { schema: resendVerificationRequest, isOptional: true },
      doc: docs.resend,
      handle: (call, body) => resend(deps, call, body),
    }),
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${one}/cancel`,
      body: { schema: emptyRequest, isOptional: true },
      doc: docs.cancel,
      handle: async (call) => sendVerification(call, await cancelVerification(deps, call.caller, idOf(call), contextOf(call))),
    }),
  ]
}

async function start(deps: ApiDeps, call: Call, body: StartVerificationRequest): Promise<void> {
  const context = contextOf(call)
  const { caller, fresh } = boundCaller(call.caller, freshBinding(deps, call.caller, context.idempotencyKey, body))
  const { verification, replayed } = await startVerification(deps, caller, body, context)
  keepBinding(deps, call.res, fresh)
  if (replayed) call.res.setHeader('Idempotent-Replayed', 'true')
  sendAccepted(call, verification)
}

async function resend(deps: ApiDeps, call: Call, body: { channel?: Channel | undefined }): Promise<void> {
  const id = idOf(call)
  const context = contextOf(call)
  const work = () => resendVerification(deps, call.caller, id, body.channel, context)
  const { answer, replayed } = await runIdempotent(deps, call.caller, `POST /v1/verifications/${id}/resend`, context, body, work)
  if (replayed) call.res.setHeader('Idempotent-Replayed', 'true')
  sendAccepted(call, answer)
}

async function read(deps: ApiDeps, call: Call): Promise<void> {
  const { req, res, caller } = call
  const id = idOf(call)
  const seen = seenSequence(req)
  if (seen === null) return sendVerification(call, await getVerification(deps, caller, id))
  const waitMs = preferredWaitMs(req)
  if (waitMs > 0) res.setHeader('Preference-Applied', `wait=${waitMs / 1_000}`)
  const changed = await waitForVerification(deps, caller, id, seen, waitMs, abortedWith(call, deps.stopping))
  if (changed) return sendVerification(call, changed)
  res.setHeader('ETag', `"${seen}"`)
  res.status(304).end()
}

function sendVerification({ res }: Call, value: Verification): void {
  res.setHeader('ETag', `"${value.sequence}"`)
  res.json(value)
}

function sendAccepted(call: Call, value: Verification): void {
  call.res.status(202).location(`/v1/verifications/${value.id}`)
  sendVerification(call, value)
}

/** The id in the address; a text that is no id is a verification that does not exist. */
function idOf({ req }: Call): string {
  const { id } = req.params
  if (typeof id !== 'string' || readId('ver', id) === null) throw new AppError('verification_not_found')
  return id
}

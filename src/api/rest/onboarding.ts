// Onboarding over HTTP: begin, look, save a step, complete. Every decision is the domain's.
import { emptyRequest } from '../../contracts/empty.ts'
import { saveOnboardingStepRequest, startOnboardingRequest } from '../../contracts/flow.ts'
import { completeDraft } from '../../domain/flows/complete.ts'
import { onboardingKey, readOnboarding, readOnboardingSession, saveOnboardingStep, startOnboarding } from '../../domain/flows/onboarding.ts'
import { runIdempotent } from '../../domain/idempotency.ts'
import { AppError } from '../../errors.ts'
import { boundCaller, freshBinding, keepBinding } from '../bound-caller.ts'
import type { ApiDeps } from '../deps.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'
import { onboardingDocs as docs } from './flows.docs.ts'
import { pathId, pathText, sendCompletion } from './flow-answers.ts'

/** The routes of `/v1/onboarding`. */
export function onboardingRoutes(deps: ApiDeps): Route[] {
  const all = '/v1/onboarding'
  const one = `${all}/{sessionId}`
  const shared = { access: 'anonymous', scope: 'flows', limit: 'general' } as const
  return [
    routeWithBody({
      ...shared,
      method: 'post',
      path: all,
      body: { schema: startOnboardingRequest },
      doc: docs.start,
      handle: (call, body) => start(deps, call, body),
    }),
    {
      ...shared,
      method: 'get',
      path: all,
      doc: docs.current,
      handle: async (call) => void call.res.json(await readOnboarding(deps, call.caller)),
    },
    {
      ...shared,
      method: 'get',
      path: one,
      doc: docs.read,
      handle: async (call) => void call.res.json(await readOnboardingSession(deps, call.caller, sessionOf(call))),
    },
    routeWithBody({
      ...shared,
      method: 'patch',
      path: `${one}/steps/{n}`,
      body: { schema: saveOnboardingStepRequest },
      doc: docs.save,
      handle: async (call, body) => {
        const progress = await saveOnboardingStep(deps, call.caller, sessionOf(call), stepOf(call), body, contextOf(call))
        if (call.caller.kind === 'anonymous') keepBinding(deps, call.res, call.caller.binding)
        call.res.setHeader('ETag', `"${progress.version}"`)
        call.res.json(progress)
      },
    }),
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${one}/complete`,
      body: { schema: emptyRequest, isOptional: true },
      doc: docs.complete,
      handle: async (call) => sendCompletion(call, await completeDraft(deps, call.caller, onboardingKey(sessionOf(call)), contextOf(call))),
    }),
  ]
}

async function start(deps: ApiDeps, call: Call, body: { userType: string }): Promise<void> {
  const context = contextOf(call)
  const { caller, fresh } = boundCaller(call.caller, freshBinding(deps, call.caller, context.idempotencyKey, body))
  const work = () => startOnboarding(deps, caller, body.userType, context)
  const { answer, replayed } = await runIdempotent(deps, caller, 'POST /v1/onboarding', context, body, work)
  keepBinding(deps, call.res, fresh)
  if (replayed) call.res.setHeader('Idempotent-Replayed', 'true')
  call.res.status(answer.isNew ? 201 : 200).location(`/v1/onboarding/${answer.progress.sessionId}`)
  call.res.json(answer.progress)
}

function sessionOf(call: Call): string {
  return pathId(call, 'sessionId', 'onb')
}

function stepOf(call: Call): number {
  const text = pathText(call, 'n')
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new AppError('not_found', { detail: 'There is no such step.' })
  return Number(text)
}

// Wizards over HTTP: begin, look, save, walk, complete, discard. Every decision is the domain's.
import { emptyRequest } from '../../contracts/empty.ts'
import { navigateWizardRequest, saveWizardRequest, startWizardRequest, type StartWizardRequest } from '../../contracts/flow.ts'
import { completeDraft } from '../../domain/flows/complete.ts'
import { discardWizard, navigateWizard, readWizard, saveWizard, startWizard, wizardKey } from '../../domain/flows/wizards.ts'
import { runIdempotent } from '../../domain/idempotency.ts'
import type { ApiDeps } from '../deps.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'
import { wizardDocs as docs } from './flows.docs.ts'
import { pathId, sendCompletion } from './flow-answers.ts'

/** The routes of `/v1/wizards`. */
export function wizardRoutes(deps: ApiDeps): Route[] {
  const all = '/v1/wizards'
  const one = `${all}/{id}`
  const shared = { access: 'credential', scope: 'flows', limit: 'general' } as const
  return [
    routeWithBody({
      ...shared,
      method: 'post',
      path: all,
      body: { schema: startWizardRequest },
      doc: docs.start,
      handle: (call, body) => start(deps, call, body),
    }),
    {
      ...shared,
      method: 'get',
      path: one,
      doc: docs.read,
      handle: async (call) => void call.res.json(await readWizard(deps, call.caller, idOf(call))),
    },
    routeWithBody({
      ...shared,
      method: 'patch',
      path: one,
      body: { schema: saveWizardRequest },
      doc: docs.save,
      handle: async (call, body) => {
        const wizard = await saveWizard(deps, call.caller, idOf(call), body, contextOf(call))
        call.res.setHeader('ETag', `"${wizard.version}"`)
        call.res.json(wizard)
      },
    }),
    {
      ...shared,
      method: 'delete',
      path: one,
      doc: docs.discard,
      handle: async (call) => {
        await discardWizard(deps, call.caller, idOf(call), contextOf(call))
        call.res.status(204).end()
      },
    },
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${one}/navigate`,
      body: { schema: navigateWizardRequest },
      doc: docs.navigate,
      handle: async (call, body) => void call.res.json(await navigateWizard(deps, call.caller, idOf(call), body, contextOf(call))),
    }),
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${one}/complete`,
      body: { schema: emptyRequest, isOptional: true },
      doc: docs.complete,
      handle: async (call) => sendCompletion(call, await completeDraft(deps, call.caller, wizardKey(idOf(call)), contextOf(call))),
    }),
  ]
}

async function start(deps: ApiDeps, call: Call, body: StartWizardRequest): Promise<void> {
  const context = contextOf(call)
  const work = () => startWizard(deps, call.caller, body, context)
  const { answer, replayed } = await runIdempotent(deps, call.caller, 'POST /v1/wizards', context, body, work)
  if (replayed) call.res.setHeader('Idempotent-Replayed', 'true')
  call.res.status(201).location(`/v1/wizards/${answer.id}`).json(answer)
}

function idOf(call: Call): string {
  return pathId(call, 'id', 'wiz')
}

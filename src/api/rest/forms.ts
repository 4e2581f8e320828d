// Forms over HTTP: save, resume, complete, discard. Every decision is the domain's.
import { emptyRequest } from '../../contracts/empty.ts'
import { saveFormRequest } from '../../contracts/flow.ts'
import { discardForm, completeForm, resumeForm, saveForm } from '../../domain/flows/forms.ts'
import { boundCaller, keepBinding } from '../bound-caller.ts'
import type { ApiDeps } from '../deps.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'
import { formDocs as docs } from './flows.docs.ts'
import { pathText, sendCompletion } from './flow-answers.ts'

/** The routes of `/v1/forms`. */
export function formRoutes(deps: ApiDeps): Route[] {
  const one = '/v1/forms/{formId}'
  const shared = { access: 'anonymous', scope: 'flows', limit: 'general' } as const
  const resume = async (call: Call): Promise<void> => {
    call.res.json(await resumeForm(deps, call.caller, pathText(call, 'formId')))
  }
  return [
    routeWithBody({
      ...shared,
      method: 'put',
      path: `${one}/progress`,
      body: { schema: saveFormRequest },
      doc: docs.save,
      handle: async (call, body) => {
        const { caller } = boundCaller(call.caller)
        const progress = await saveForm(deps, caller, pathText(call, 'formId'), body, contextOf(call))
        // Set anew with each save: the cookie must outlive the draft that it owns.
        if (caller.kind === 'anonymous') keepBinding(deps, call.res, caller.binding)
        call.res.setHeader('ETag', `"${progress.version}"`)
        call.res.json(progress)
      },
    }),
    { ...shared, method: 'get', path: `${one}/progress`, doc: docs.read, handle: resume },
    {
      ...shared,
      method: 'delete',
      path: `${one}/progress`,
      doc: docs.discard,
      handle: async (call) => {
        await discardForm(deps, call.caller, pathText(call, 'formId'), contextOf(call))
        call.res.status(204).end()
      },
    },
    { ...shared, method: 'get', path: `${one}/resume`, doc: docs.resume, handle: resume },
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${one}/complete`,
      body: { schema: emptyRequest, isOptional: true },
      doc: docs.complete,
      handle: async (call) => sendCompletion(call, await completeForm(deps, call.caller, pathText(call, 'formId'), contextOf(call))),
    }),
  ]
}

// Session UUIDs over HTTP: a name for what a browser does before anybody is signed in.
import { emptyRequest } from '../../contracts/empty.ts'
import { sessionUuid, validatedUuid, validateUuidRequest } from '../../contracts/session.ts'
import { generateSessionUuid, validateSessionUuid } from '../../domain/sessions/uuids.ts'
import { boundCaller, freshBinding, keepBinding } from '../bound-caller.ts'
import type { ApiDeps } from '../deps.ts'
import { idempotently } from '../idempotent.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'

const tag = 'Session UUIDs'
const shared = { method: 'post', access: 'anonymous', scope: 'sessions', limit: 'general' } as const
const generatePath = '/api/session/generate-uuid'

/** The two routes of `/api/session`. */
export function sessionUuidRoutes(deps: ApiDeps): Route[] {
  return [
    routeWithBody({
      ...shared,
      path: generatePath,
      body: { schema: emptyRequest, isOptional: true },
      doc: {
        id: 'generateSessionUuid',
        tag,
        summary: 'Reserve a session UUID',
        details:
          'Never given out twice. It is the browser’s (by cookie) or the credential’s for 24 hours, and for 24 more each time it is validated. Ten a minute from one network.',
        answers: [{ status: 200, means: 'Reserved.', schema: sessionUuid }],
        problems: [],
      },
      handle: async (call, body) => {
        const bound = bind(deps, call, body)
        call.res.json(
          await idempotently(deps, bound, `POST ${generatePath}`, body, () => generateSessionUuid(deps, bound.caller, contextOf(call))),
        )
      },
    }),
    routeWithBody({
      ...shared,
      path: '/api/session/validate-uuid',
      body: { schema: validateUuidRequest },
      doc: {
        id: 'validateSessionUuid',
        tag,
        summary: 'Ask whether a session UUID is good to go on with',
        details:
          'One that is somebody else’s is answered with a new one in `replaced`; one that is unknown or has ended is not valid. Ten a minute from one network.',
        example: { uuid: '3f1f6f0e-4f0f-4c53-9a61-0d9cf6f2a1c7' },
        answers: [{ status: 200, means: 'Valid or not.', schema: validatedUuid }],
        problems: [],
      },
      handle: async (call, body) => {
        const { caller } = bind(deps, call, body)
        call.res.json(await validateSessionUuid(deps, caller, body.uuid, contextOf(call)))
      },
    }),
  ]
}

/** An anonymous browser is bound from this request on. */
function bind(deps: ApiDeps, call: Call, body: unknown): Call {
  const { caller, fresh } = boundCaller(call.caller, freshBinding(deps, call.caller, contextOf(call).idempotencyKey, body))
  keepBinding(deps, call.res, fresh)
  return { ...call, caller }
}

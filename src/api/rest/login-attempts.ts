// Sign-in attempts over HTTP: the service that checks passwords tells how they went, and asks before the next.
import { loginAttemptRequest, loginDevice, loginIdentifier, loginStanding } from '../../contracts/login-attempt.ts'
import { readLoginStanding, recordLoginAttempt } from '../../domain/login-attempts/attempts.ts'
import type { ApiDeps } from '../deps.ts'
import { idempotently } from '../idempotent.ts'
import { queryOf } from '../page-query.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Route } from '../route.ts'
import { validate } from '../validate.ts'

const tag = 'Sign-in attempts'
const all = '/v1/login-attempts'
const shared = { access: 'credential', scope: 'sessions', limit: 'general' } as const
const clientIp = { in: 'header', name: 'X-Client-Ip', means: 'the address of the person who signs in' } as const
const answers = [{ status: 200, means: 'Whether another try may be made.', schema: loginStanding }]
const details =
  'Five failures an hour are free; then tries wait 5 s, doubled by each further failure, 15 minutes at most. A network or device somebody signed in from before answers only for its own failures, so that nobody can be shut out by a stranger.'

/** The routes of `/v1/login-attempts`. */
export function loginAttemptRoutes(deps: ApiDeps): Route[] {
  return [
    routeWithBody({
      ...shared,
      method: 'post',
      path: all,
      body: { schema: loginAttemptRequest },
      doc: {
        id: 'recordLoginAttempt',
        tag,
        summary: 'Tell how a sign-in went',
        details,
        parameters: [clientIp],
        example: { identifier: 'ada@example.com', outcome: 'failure' },
        answers,
        problems: ['not_found'],
      },
      handle: async (call, body) => {
        const work = () => recordLoginAttempt(deps, call.caller, body, contextOf(call))
        call.res.json(await idempotently(deps, call, `POST ${all}`, body, work))
      },
    }),
    {
      ...shared,
      method: 'get',
      path: `${all}/{identifier}`,
      doc: {
        id: 'getLoginStanding',
        tag,
        summary: 'Ask whether a sign-in may be tried',
        details,
        parameters: [clientIp, { in: 'query', name: 'device', means: 'as in the attempts' }],
        answers,
        problems: ['invalid_request', 'not_found'],
      },
      handle: async ({ req, res, caller }) => {
        const device = queryOf(req, 'device')
        const identifier = validate(loginIdentifier, req.params['identifier'])
        res.json(await readLoginStanding(deps, caller, identifier, device === undefined ? undefined : validate(loginDevice, device)))
      },
    },
  ]
}

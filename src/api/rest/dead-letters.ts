// Dead letters over HTTP, for admins: what was given up, and putting it back in line.
import { setTimeout as pause } from 'node:timers/promises'
import { deadLetterPage, redriveRequest, redriveResponse } from '../../contracts/dead-letter.ts'
import { listDeadLetters, redrive } from '../../domain/dead-letters/dead-letters.ts'
import { traceOf } from '../../domain/verification/access.ts'
import { invalidField } from '../../errors.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOf, queryOf } from '../page-query.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Call, type Route } from '../route.ts'

const tag = 'Operations'

/** The routes of `/v1/dead-letters`. */
export function deadLetterRoutes(deps: ApiDeps): Route[] {
  const shared = { access: 'admin', limit: 'general' } as const
  return [
    {
      ...shared,
      method: 'get',
      path: '/v1/dead-letters',
      limit: 'listing',
      doc: {
        id: 'listDeadLetters',
        tag,
        summary: 'List what was given up',
        details: 'Jobs and webhook deliveries, newest first.',
        parameters: [
          { in: 'query', name: 'queue', means: 'only those of this queue' },
          { in: 'query', name: 'first', means: '1 to 100, 20 if left out' },
          { in: 'query', name: 'after', means: 'a cursor' },
        ],
        answers: [{ status: 200, means: 'A page.', schema: deadLetterPage }],
        problems: ['invalid_request'],
      },
      handle: async (call) => void call.res.json(await listDeadLetters(deps, queuesOf(deps, call), pageOf(call.req))),
    },
    routeWithBody({
      ...shared,
      method: 'post',
      path: '/v1/dead-letters/redrive',
      body: { schema: redriveRequest },
      doc: {
        id: 'redriveDeadLetters',
        tag,
        summary: 'Put it back in line',
        details:
          'All of a queue or the named ones, at most `rate` a second, for at most 20 s; `remaining` says what is left. Each one is an event in the audit trail.',
        example: { queue: 'webhooks', dryRun: true },
        answers: [{ status: 200, means: 'What was done.', schema: redriveResponse }],
        problems: ['invalid_request'],
      },
      handle: async (call, body) => {
        const wait = async (ms: number): Promise<void> => pause(ms)
        call.res.json(await redrive(deps, deps.queueNames, body, traceOf(deps, call.caller, contextOf(call)), wait))
      },
    }),
  ]
}

function queuesOf({ queueNames }: ApiDeps, { req }: Call): readonly string[] {
  const queue = queryOf(req, 'queue')
  if (queue === undefined) return queueNames
  if (!queueNames.includes(queue)) throw invalidField('/queue', `must be one of ${queueNames.join(', ')}`)
  return [queue]
}

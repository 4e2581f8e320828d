// Activity trails over HTTP: write, read, count.
import {
  activityEntry,
  activityPage,
  activityStatistics,
  batchActivityRequest,
  batchActivityResponse,
  recordActivityRequest,
} from '../../contracts/activity.ts'
import { listActivity, readActivityStatistics, recordActivities, recordActivity } from '../../domain/activity/trail.ts'
import type { ApiDeps } from '../deps.ts'
import { idempotently } from '../idempotent.ts'
import { pageOf, queryOf } from '../page-query.ts'
import { routeWithBody, type Documentation, type Route } from '../route.ts'

const all = '/v1/activity'
const tag = 'Activity'
const shared = { access: 'credential', scope: 'sessions', limit: 'general' } as const
const keyProblems = ['idempotency_key_reused', 'idempotency_key_in_progress'] as const
const idempotencyKey = { in: 'header', name: 'Idempotency-Key', means: 'The same key and body give the same answer for 24 hours.' } as const

/** The routes of `/v1/activity`. */
export function activityRoutes(deps: ApiDeps): Route[] {
  return [
    routeWithBody({
      ...shared,
      method: 'post',
      path: all,
      body: { schema: recordActivityRequest },
      doc: docs.record,
      handle: async (call, body) => {
        call.res.status(201).json(await idempotently(deps, call, `POST ${all}`, body, () => recordActivity(deps, call.caller, body)))
      },
    }),
    {
      ...shared,
      method: 'get',
      path: all,
      limit: 'listing',
      doc: docs.list,
      handle: async ({ req, res, caller }) =>
        void res.json(await listActivity(deps, caller, { userId: queryOf(req, 'userId'), ...pageOf(req) })),
    },
    routeWithBody({
      ...shared,
      method: 'post',
      path: `${all}/batch`,
      body: { schema: batchActivityRequest },
      doc: docs.batch,
      handle: async (call, body) => {
        const work = async () => ({ results: (await recordActivities(deps, call.caller, body.entries)).map(({ id }) => ({ id })) })
        call.res.status(201).json(await idempotently(deps, call, `POST ${all}/batch`, body, work))
      },
    }),
    {
      ...shared,
      method: 'get',
      path: `${all}/stats`,
      access: 'admin',
      doc: docs.stats,
      handle: async ({ res }) => void res.json(await readActivityStatistics(deps)),
    },
  ]
}

const docs = {
  record: {
    id: 'recordActivity',
    tag,
    summary: 'Add an entry to a trail',
    details: 'A user has the newest 1,000 entries; a trail that nothing is added to goes after 90 days.',
    parameters: [idempotencyKey],
    example: { activity: 'report.exported', metadata: { pages: 3 } },
    answers: [{ status: 201, means: 'Added.', schema: activityEntry }],
    problems: ['not_found', ...keyProblems],
  },
  list: {
    id: 'listActivity',
    tag,
    summary: 'Read a trail, newest first',
    parameters: [
      { in: 'query', name: 'userId', means: 'whose; servers and admins only, others read their own' },
      { in: 'query', name: 'first', means: '1 to 100, 20 if left out' },
      { in: 'query', name: 'after', means: 'a cursor' },
    ],
    answers: [{ status: 200, means: 'A page.', schema: activityPage }],
    problems: ['invalid_request', 'not_found'],
  },
  batch: {
    id: 'recordActivities',
    tag,
    summary: 'Add many entries',
    parameters: [idempotencyKey],
    example: { entries: [{ activity: 'page.viewed' }, { activity: 'report.exported' }] },
    answers: [{ status: 201, means: 'Added, in their order.', schema: batchActivityResponse }],
    problems: ['not_found', ...keyProblems],
  },
  stats: {
    id: 'getActivityStatistics',
    tag,
    summary: 'Count activity by day',
    answers: [{ status: 200, means: 'The last 30 days, today first.', schema: activityStatistics }],
    problems: [],
  },
} as const satisfies Record<string, Documentation>

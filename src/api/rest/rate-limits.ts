// Limits as a service over HTTP.
import { rateLimitAnswer, rateLimitRequest } from '../../contracts/rate-limit.ts'
import { checkRateLimit } from '../../domain/rate-limits/check.ts'
import type { ApiDeps } from '../deps.ts'
import { routeWithBody, type Route } from '../route.ts'

/** The route of `/v1/rate-limits`. */
export function rateLimitRoutes(deps: ApiDeps): Route[] {
  return [
    routeWithBody({
      method: 'post',
      path: '/v1/rate-limits/check',
      access: 'credential',
      scope: 'sessions',
      limit: 'general',
      body: { schema: rateLimitRequest },
      doc: {
        id: 'checkRateLimit',
        tag: 'Rate limits',
        summary: 'Count one use of a key',
        details:
          'Exact in any window of that length, however many ask at once. Always 200: what to do with a refusal is yours. Servers share their keys, each user has its own.',
        example: { key: 'export:alice', limit: 5, window: '1h' },
        answers: [{ status: 200, means: 'Counted, or refused.', schema: rateLimitAnswer }],
        problems: [],
      },
      handle: async ({ res, caller }, body) => void res.json(await checkRateLimit(deps, caller, body)),
    }),
  ]
}

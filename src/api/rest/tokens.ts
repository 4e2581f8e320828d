// Revoking tokens over HTTP.
import { revokedToken, revokeTokenRequest } from '../../contracts/session.ts'
import { revokeToken } from '../../domain/revocation/revoke.ts'
import type { ApiDeps } from '../deps.ts'
import { contextOf } from '../request-context.ts'
import { routeWithBody, type Route } from '../route.ts'

/** The route of `/v1/tokens`. */
export function tokenRoutes(deps: ApiDeps): Route[] {
  return [
    routeWithBody({
      method: 'post',
      path: '/v1/tokens/revoke',
      access: 'credential',
      scope: 'sessions',
      limit: 'general',
      body: { schema: revokeTokenRequest },
      doc: {
        id: 'revokeToken',
        tag: 'Sessions',
        summary: 'Revoke a JWT',
        details:
          'It is refused everywhere, from the next request on, until it would have ended by itself. Users revoke their own, servers and admins anybody’s.',
        example: { token: 'eyJhbGciOiJSUzI1NiIs…' },
        answers: [{ status: 200, means: 'Revoked, now or before.', schema: revokedToken }],
        problems: ['not_found'],
      },
      handle: async (call, { token }) => {
        const { expiresAtMs } = await revokeToken(deps, call.caller, token, contextOf(call))
        call.res.json({ revoked: true, expiresAt: new Date(expiresAtMs).toISOString() })
      },
    }),
  ]
}

// What the generated document says of the routes of OAuth states.
import { consumedOauthState, createdOauthState, oauthStateStatus } from '../../contracts/oauth-state.ts'
import type { Documentation } from '../route.ts'

const tag = 'OAuth states'
const idempotencyKey = { in: 'header', name: 'Idempotency-Key', means: 'The same key and body give the same answer for 24 hours.' } as const
const keyProblems = ['idempotency_key_reused', 'idempotency_key_in_progress'] as const

/** One entry for each route of rest/oauth-states.ts. */
export const oauthStateDocs = {
  create: {
    id: 'createOauthState',
    tag,
    summary: 'Begin a sign-in at a provider',
    details:
      'Gives `state`, PKCE challenge (S256) and nonce for the authorization request. A browser is bound by a cookie, a server’s user by `binding`.',
    parameters: [idempotencyKey],
    example: { provider: 'google', redirect: 'console', data: { returnTo: '/settings' } },
    answers: [{ status: 201, means: 'Made; it can be used once within ten minutes.', schema: createdOauthState }],
    problems: ['invalid_request', 'binding_mismatch', ...keyProblems],
  },
  read: {
    id: 'getOauthState',
    tag,
    summary: 'Is a state still valid?',
    details: 'Consumes nothing. A state bound by cookie is valid only for its own browser.',
    answers: [{ status: 200, means: 'Valid or not, and why not.', schema: oauthStateStatus }],
    problems: [],
  },
  consume: {
    id: 'consumeOauthState',
    tag,
    summary: 'Use a state, once',
    details: 'Gives back the data and the PKCE verifier for the token request. Without the right binding nothing is consumed.',
    parameters: [idempotencyKey],
    example: { binding: 'a hash of the user’s session; servers only' },
    answers: [{ status: 200, means: 'Used.', schema: consumedOauthState }],
    problems: ['invalid_request', 'token_invalid', 'token_used', 'token_expired', 'binding_mismatch', ...keyProblems],
  },
} as const satisfies Record<string, Documentation>

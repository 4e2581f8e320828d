// What the generated document says of the routes of sessions.
import { batchSignedOut, session, sessionPage, sessionStatistics, signedOut } from '../../contracts/session.ts'
import type { Documentation } from '../route.ts'

const tag = 'Sessions'
const userId = { in: 'query', name: 'userId', means: 'whose; servers and admins only, others see their own' } as const
const one = { status: 200, means: 'The session.', schema: session }
const lives =
  'It lives 24 hours after it was last used, 30 days at most. A JWT that names it (`sid`) keeps it alive, and is refused once it has ended.'

/** One entry for each route of rest/sessions.ts. */
export const sessionDocs = {
  create: {
    id: 'createSession',
    tag,
    summary: 'Open a session',
    details: `${lives} Put its id into the \`sid\` of the JWTs that you issue for it.`,
    parameters: [{ in: 'header', name: 'Idempotency-Key', means: 'The same key and body give the same answer for 24 hours.' }],
    example: { metadata: { theme: 'dark' } },
    answers: [{ status: 201, means: 'Opened.', schema: session, headers: { Location: 'its address' } }],
    problems: ['invalid_request', 'not_found', 'idempotency_key_reused', 'idempotency_key_in_progress'],
  },
  list: {
    id: 'listSessions',
    tag,
    summary: 'List living sessions, newest first',
    parameters: [
      userId,
      { in: 'query', name: 'first', means: '1 to 100, 20 if left out' },
      { in: 'query', name: 'after', means: 'a cursor' },
    ],
    answers: [{ status: 200, means: 'A page.', schema: sessionPage }],
    problems: ['invalid_request', 'not_found'],
  },
  endAll: {
    id: 'endAllSessions',
    tag,
    summary: 'Sign out everywhere',
    details:
      'Ends every session and refuses every JWT issued to this user until now, the one of this call included. With `keep` one session stays, and tokens without a session go on.',
    parameters: [userId, { in: 'query', name: 'keep', means: 'the id of a session that stays' }],
    answers: [{ status: 200, means: 'Done.', schema: signedOut }],
    problems: ['invalid_request', 'not_found'],
  },
  stats: {
    id: 'getSessionStatistics',
    tag,
    summary: 'Count sessions by day',
    answers: [{ status: 200, means: 'The last 30 days, today first.', schema: sessionStatistics }],
    problems: [],
  },
  batchSignOut: {
    id: 'batchSignOut',
    tag,
    summary: 'End many sessions and accounts',
    example: { sessionIds: [], userIds: ['alice'] },
    answers: [{ status: 200, means: 'One result for each.', schema: batchSignedOut }],
    problems: [],
  },
  read: { id: 'getSession', tag, summary: 'Read a session', details: lives, answers: [one], problems: ['not_found'] },
  patch: {
    id: 'patchSession',
    tag,
    summary: "Change a session's metadata",
    details: 'Merged name by name: two writers of different names never undo each other, and no write brings an ended session back.',
    example: { metadata: { theme: 'light', banner: null } },
    answers: [one],
    problems: ['not_found'],
  },
  end: {
    id: 'endSession',
    tag,
    summary: 'Sign a session out',
    answers: [{ status: 204, means: 'Ended, everywhere.' }],
    problems: ['not_found'],
  },
  stepUp: {
    id: 'stepUpSession',
    tag,
    summary: 'Raise a session by a proof',
    details:
      'For 15 minutes, by the proof of a verification for `two_factor` or `identity_verification`; the proof is then spent. It must prove the address or number that the token calls verified, or have been started for this user by the server that asks.',
    example: { proof: 'eyJhbGciOiJFZERTQSIs…' },
    answers: [one],
    problems: ['not_found', 'proof_used', 'proof_expired', 'proof_not_accepted'],
  },
} as const satisfies Record<string, Documentation>

// What the generated document says of the verification routes.
import { attemptList, checkVerificationResponse, verification } from '../../contracts/verification.ts'
import type { Documentation } from '../route.ts'

const tag = 'Verifications'
const idempotencyKey = { in: 'header', name: 'Idempotency-Key', means: 'The same key and body give the same answer for 24 hours.' } as const
const resource = { schema: verification, headers: { ETag: 'the sequence, in quotes' } }
const accepted = {
  status: 202,
  means: 'Accepted; the status moves on its own.',
  ...resource,
  headers: { Location: 'its address', ETag: 'the sequence, in quotes' },
}
const ended = [
  'verification_not_found',
  'verification_expired',
  'verification_canceled',
  'verification_failed',
  'already_approved',
] as const

/** One entry for each route of rest/verifications.ts. */
export const verificationDocs = {
  start: {
    id: 'startVerification',
    tag,
    summary: 'Start a verification',
    details:
      'Sends a code or a link. A second start for the same destination, purpose and caller while one is live answers with that one and counts as a resend.',
    parameters: [idempotencyKey],
    example: { channel: 'sms', to: '+14155552671' },
    answers: [{ ...accepted, headers: { ...accepted.headers, 'Idempotent-Replayed': 'true when the key was seen before' } }],
    problems: [
      'invalid_request',
      'country_not_allowed',
      'channel_disabled',
      'idempotency_key_reused',
      'idempotency_key_in_progress',
      'cooldown_active',
      'max_sends_reached',
      'max_attempts_reached',
    ],
  },
  confirm: {
    id: 'confirmVerification',
    tag,
    summary: "Confirm by a link's token",
    details: 'For frontends that open the link themselves. The address of the link is `/v/{token}`.',
    example: { token: 'the part after /v/' },
    answers: [{ status: 200, means: 'Approved.', schema: checkVerificationResponse }],
    problems: [
      'invalid_request',
      'token_invalid',
      'token_used',
      'token_expired',
      'binding_mismatch',
      'already_approved',
      'verification_canceled',
    ],
  },
  read: {
    id: 'getVerification',
    tag,
    summary: 'Read or follow a verification',
    details: 'With `If-None-Match` and `Prefer: wait=N` the answer waits until there is news, up to N seconds.',
    parameters: [
      { in: 'header', name: 'If-None-Match', means: 'the ETag that was seen last' },
      { in: 'header', name: 'Prefer', means: 'wait=N, N up to 30 seconds' },
    ],
    answers: [
      { status: 200, means: 'The verification.', ...resource },
      { status: 304, means: 'Nothing new.' },
    ],
    problems: ['verification_not_found'],
  },
  attempts: {
    id: 'listAttempts',
    tag,
    summary: 'List the messages sent',
    answers: [{ status: 200, means: 'Each message with its channel, provider and status.', schema: attemptList }],
    problems: ['verification_not_found'],
  },
  check: {
    id: 'checkVerification',
    tag,
    summary: 'Check a code',
    details: 'Digits of any script, blanks and dashes are understood. The same right code within 60 seconds gives the same proof again.',
    example: { code: '123456' },
    answers: [{ status: 200, means: 'Approved; the proof can be used once, for five minutes.', schema: checkVerificationResponse }],
    problems: ['invalid_request', 'incorrect_code', 'max_attempts_reached', ...ended],
  },
  resend: {
    id: 'resendVerification',
    tag,
    summary: 'Send the message again',
    details: 'The same code with the same expiry; no further attempts are given.',
    parameters: [idempotencyKey],
    example: {},
    answers: [accepted],
    problems: ['invalid_request', 'channel_disabled', 'cooldown_active', 'max_sends_reached', 'max_attempts_reached', ...ended],
  },
  cancel: {
    id: 'cancelVerification',
    tag,
    summary: 'Cancel a verification',
    answers: [{ status: 200, means: 'Canceled.', ...resource }],
    problems: [...ended],
  },
} as const satisfies Record<string, Documentation>

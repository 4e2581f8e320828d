// Public shapes of verifications: what a client may send and what it gets.
import { z } from 'zod'

export const channels = ['sms', 'whatsapp', 'voice', 'email'] as const
export const methods = ['code', 'link'] as const
export const linkModes = ['button', 'bound'] as const
/** The order is part of every id ever issued: append, never reorder. */
export const purposes = [
  'phone_verification',
  'email_verification',
  'identity_verification',
  'password_reset',
  'two_factor',
  'registration',
] as const

/** Progress in rank order, then the final ones. */
export const progressStatuses = ['queued', 'sending', 'sent', 'delivered'] as const
export const finalStatuses = ['approved', 'expired', 'max_attempts_reached', 'canceled', 'failed', 'blocked'] as const
export const attemptStatuses = [
  'queued',
  'submitting',
  'accepted',
  'delivered',
  'read',
  'undelivered',
  'rejected',
  'unknown',
  'skipped',
  'canceled',
] as const

export type Channel = (typeof channels)[number]
export type Method = (typeof methods)[number]
export type LinkMode = (typeof linkModes)[number]
export type Purpose = (typeof purposes)[number]
export type VerificationStatus = (typeof progressStatuses)[number] | (typeof finalStatuses)[number]
export type AttemptStatus = (typeof attemptStatuses)[number]

const metadataMaxBytes = 4_096
// Names reach mails that an attacker may aim at strangers, so they cannot carry an address, a number to call, a link or markup.
const personName = z
  .string()
  .min(1)
  .max(60)
  .regex(/^[\p{L}\p{M} .,'’-]+$/u, "may hold letters, blanks and . , ' - only")
  .refine((name) => !/\p{L}{2,}\.\p{L}{2,}/u.test(name), 'must not look like a host name')

export const metadata = z
  .record(z.string().min(1).max(64), z.union([z.string().max(1_024), z.number(), z.boolean(), z.null()]))
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= metadataMaxBytes, `at most ${metadataMaxBytes} bytes`)

const withoutControls = /^[^\p{Cc}\p{Cf}]*$/u

export const startVerificationRequest = z
  .strictObject({
    channel: z.enum(channels),
    to: z.string().min(1).max(320).describe('a phone number (E.164) or an e-mail address'),
    method: z.enum(methods).default('code'),
    linkMode: z.enum(linkModes).optional().describe('button if left out; only with method link'),
    purpose: z.enum(purposes).optional().describe('phone_verification or email_verification if left out, by channel'),
    userId: z.string().min(1).max(255).regex(withoutControls, 'must hold no control characters').optional(),
    name: personName.optional(),
    locale: z
      .string()
      .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/, 'must be a language tag such as en or pt-BR')
      .default('en'),
    fallback: z
      .array(z.enum(['sms', 'whatsapp', 'voice']))
      .max(3)
      .optional()
      .describe('channels to try next; those not in use here are passed over'),
    redirect: z.string().min(1).max(64).optional().describe('an id that the operator registered'),
    metadata: metadata.optional(),
  })
  .refine((value) => value.method === 'code' || value.channel === 'email', { path: ['method'], message: 'links are sent by e-mail only' })
  .refine((value) => value.linkMode === undefined || value.method === 'link', { path: ['linkMode'], message: 'only with method link' })

export const verification = z.object({
  id: z.string(),
  status: z.enum([...progressStatuses, ...finalStatuses]),
  channel: z.enum(channels),
  method: z.enum(methods),
  linkMode: z.enum(linkModes).optional(),
  purpose: z.enum(purposes),
  to: z.string().describe('masked'),
  attemptsRemaining: z.int(),
  sendsRemaining: z.int(),
  resendAvailableAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  createdAt: z.iso.datetime(),
  approvedAt: z.iso.datetime().optional(),
  sequence: z.int().describe('rises with every change'),
})

export const attempt = z.object({
  number: z.int(),
  channel: z.enum(channels),
  provider: z.string().optional(),
  reference: z.string().optional().describe("the provider's own reference"),
  status: z.enum(attemptStatuses),
  reason: z.string().optional(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})

export const attemptList = z.object({ nodes: z.array(attempt) })

const codeText = z.string().min(1).max(64)

export const checkVerificationRequest = z.strictObject({ code: codeText })
export const checkVerificationResponse = z.object({ valid: z.literal(true), proof: z.string().describe('compact JWS'), verification })
export const resendVerificationRequest = z.strictObject({ channel: z.enum(channels).optional() })
export const confirmVerificationRequest = z.strictObject({ token: z.string().min(1).max(256) })

export const verifyProofRequest = z.strictObject({ proof: z.string().min(1).max(4_096) })
export const verifyProofResponse = z.object({
  verificationId: z.string(),
  purpose: z.enum(purposes),
  channel: z.enum(channels),
  to: z.string().describe('in full'),
  userId: z.string().nullable().describe('as whoever started it said: see startedBy'),
  startedBy: z
    .enum(['anonymous', 'user', 'server'])
    .describe('anonymous: anybody may have named the userId; user: it is the signed-in user; server: a server vouches for it'),
  approvedAt: z.iso.datetime(),
})

export type StartVerificationRequest = z.output<typeof startVerificationRequest>
export type Verification = z.infer<typeof verification>
export type Attempt = z.infer<typeof attempt>
export type CheckVerificationResponse = z.infer<typeof checkVerificationResponse>
export type VerifyProofResponse = z.infer<typeof verifyProofResponse>

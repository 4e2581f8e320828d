// Public shapes of envelopes: a document on its way to its signers and their signatures to a seal.
import { z } from 'zod'
import { noticeKinds, noticeStatuses } from './notification.ts'
import { pageSchema } from './page.ts'

export const requiredClasses = ['party_agreed', 'law_unspecified', 'law_recognised'] as const
export const signingOrders = ['parallel', 'sequential'] as const
export const envelopeStatuses = [
  'sent',
  'partially_signed',
  'sealing',
  'completed',
  'declined',
  'expired',
  'canceled',
  'seal_failed',
] as const
export const signerStatuses = ['invited', 'viewed', 'verified', 'signed', 'declined'] as const

export type RequiredClass = (typeof requiredClasses)[number]
export type SigningOrder = (typeof signingOrders)[number]
export type EnvelopeStatus = (typeof envelopeStatuses)[number]
export type SignerStatus = (typeof signerStatuses)[number]

// No control characters, and nothing that turns the direction of the text around: names and words reach mails and certificates. A name has nothing at all that
// is not seen (fillers count as letters to Unicode, but show nothing), but for the joiners that some scripts write between two letters.
const oneLine = /^(?:[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?<=[\p{L}\p{M}])[\u200c\u200d](?=\p{L}))*$/u
const someLines = /^(?:[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]|[\n\r\t])*$/u
/** A person's name as it is shown and printed. */
export const personName = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(oneLine, 'must have no control characters and none that are not seen')
  .regex(/[\p{L}\p{N}]/u, 'must have a letter or a digit')
/** Why somebody ends an envelope, in own words. */
export const endReason = z.string().trim().max(500).regex(someLines, 'must have no control characters')
const locale = z
  .string()
  .max(35)
  .regex(/^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/, 'must be a language tag such as en or de-CH')

/** What the rules need to know of the sender and cannot see for themselves. */
export const declarations = z
  .strictObject({
    documentKind: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,39}$/)
      .describe('for example agreement, lease, employment_contract, will, sale_of_land; agreement if left out of an envelope'),
    contraryIntention: z
      .enum(['none', 'ink_required'])
      .describe('whether law or the parties want ink; none: somebody looked, and nobody does'),
    publicBody: z.boolean().describe('the sender is a public body'),
    alternativeOffered: z.boolean().describe('signers were offered a way without electronic dealing'),
    consumer: z.boolean().describe('a signer deals as a consumer'),
    certifiedCopies: z.int().min(0).max(1_000),
    value: z
      .strictObject({ currency: z.string().regex(/^[A-Z]{3}$/), amount: z.number().min(0).max(1e15) })
      .describe('what the document is about'),
    foreignSignatures: z.enum(['agreed', 'excluded']).describe('what the parties agreed on signatures by foreign certificates'),
  })
  .partial()

export const createEnvelopeRequest = z.strictObject({
  documentId: z.string().min(1).max(64),
  requiredClass: z.enum(requiredClasses),
  order: z.enum(signingOrders),
  signers: z
    .array(
      z.strictObject({
        name: personName,
        email: z.string().min(3).max(320),
        phone: z.string().min(4).max(40).optional(),
        locale: locale.optional(),
      }),
    )
    .min(1)
    .max(20),
  reminders: z.strictObject({ everySeconds: z.int().min(60).max(2_592_000), max: z.int().min(1).max(20) }).optional(),
  retention: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,39}$/)
    .optional()
    .describe('class of retention; standard if left out'),
  expiresIn: z.int().min(60).max(15_552_000).optional().describe('seconds; 30 days if left out'),
  message: z
    .string()
    .trim()
    .max(1_000)
    .regex(someLines, 'must have no control characters')
    .optional()
    .describe('a few words to the signers'),
  sender: z
    .strictObject({ name: personName.optional(), email: z.string().min(3).max(320).optional() })
    .optional()
    .describe('who asks, as signers see it; the address is for servers to say, of a user it is the one in the token'),
  declarations: declarations.optional(),
})

export const cancelEnvelopeRequest = z.strictObject({ reason: endReason.optional() })
export const resendEnvelopeRequest = z.strictObject({
  signer: z.int().min(1).max(20).optional().describe('number of one signer; left out: all whose turn it is'),
})

const moment = z.iso.datetime().nullable()

export const envelopeSigner = z.object({
  number: z.int(),
  name: z.string(),
  email: z.string().describe('masked, but for those who may see the envelope in full'),
  status: z.enum(signerStatuses),
  invitedAt: moment.describe('null: it is not this signer’s turn yet'),
  viewedAt: moment,
  verifiedAt: moment,
  signedAt: moment,
  declinedAt: moment,
  declineReason: z.string().nullable(),
})

export const envelopeMail = z.object({
  kind: z.enum(noticeKinds),
  signer: z.int().nullable(),
  status: z.enum(noticeStatuses),
  dueAt: z.iso.datetime(),
  endedAt: moment,
  reason: z.string().nullable(),
})

export const envelopeSummary = z.object({
  id: z.string(),
  status: z.enum(envelopeStatuses),
  sequence: z.int(),
  documentId: z.string(),
  title: z.string(),
  requiredClass: z.enum(requiredClasses),
  order: z.enum(signingOrders),
  signers: z.array(envelopeSigner),
  reason: z.string().nullable().describe('why it ended as it did'),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  endedAt: moment,
})

export const envelopeView = envelopeSummary.extend({
  reminders: z.object({ everySeconds: z.int(), max: z.int() }).nullable(),
  retention: z.string(),
  seal: z
    .object({
      step: z.enum(['requested', 'assembled', 'signed', 'stored', 'verified']),
      tries: z.int(),
      reason: z.string().nullable(),
      sha256: z.string().nullable(),
    })
    .nullable()
    .describe('how far sealing has come; null before the last signature'),
  mails: z.array(envelopeMail),
})

export const envelopePage = pageSchema(envelopeSummary)

export const envelopeActs = z.object({
  nodes: z.array(
    z.object({
      envelopeId: z.string(),
      sequence: z.int(),
      type: z.string(),
      signer: z.int().nullable(),
      at: z.iso.datetime(),
      facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
      personal: z.record(z.string(), z.string()),
      isErased: z.literal(true).optional().describe('what was personal of it has been erased: its hash can no longer be made anew'),
      previousHash: z.string(),
      hash: z.string().describe('SHA-256 of the canonical JSON (RFC 8785) of all members but hash and isErased'),
    }),
  ),
  ok: z.boolean().describe('whether each act is as it was written and follows the one before'),
  fault: z
    .object({ sequence: z.int(), reason: z.enum(['missing', 'edited', 'unlinked', 'cut', 'added']) })
    .nullable()
    .describe('what is wrong first'),
})

export type CreateEnvelopeRequest = z.infer<typeof createEnvelopeRequest>
export type CancelEnvelopeRequest = z.infer<typeof cancelEnvelopeRequest>
export type ResendEnvelopeRequest = z.infer<typeof resendEnvelopeRequest>
export type EnvelopeSummary = z.infer<typeof envelopeSummary>
export type EnvelopeView = z.infer<typeof envelopeView>
export type EnvelopePage = z.infer<typeof envelopePage>
export type EnvelopeActs = z.infer<typeof envelopeActs>

// Public shapes of receipts: what mail services report about a mail, and the key set by which proofs are checked offline.
import { z } from 'zod'

export const emailReceiptRequest = z.strictObject({
  reference: z.string().min(1).max(512).describe('the Message-ID of the mail, with or without angle brackets'),
  status: z.enum(['delivered', 'bounced', 'complained']),
  at: z.iso.datetime({ offset: true }),
})

export const publicKeySet = z.object({
  keys: z.array(
    z.object({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      x: z.string(),
      kid: z.string(),
      use: z.literal('sig'),
      alg: z.literal('EdDSA'),
    }),
  ),
})

export const outboxMessage = z.object({
  channel: z.string(),
  to: z.string(),
  subject: z.string().optional(),
  text: z.string(),
  html: z.string().optional(),
  at: z.iso.datetime(),
})

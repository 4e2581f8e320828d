// What the sandbox answers when it was asked to prepare a document for the seal. The parent believes none of it before it has looked itself.
import { z } from 'zod'

/** Reserved for the signature value, in bytes; in the file it is twice as many hexadecimal digits. */
export const sealReserveBytes = 16_384

const maxIncrementBytes = 6_000_000

/**
 * `increment` is what is to be appended to the document, byte for byte: an empty signature and perhaps pages. `byteRange`: what the signature will cover, counted
 * over the document with the increment behind it. `pages`: how many were appended.
 */
export const preparedSeal = z.strictObject({
  increment: z.base64().max(Math.ceil(maxIncrementBytes / 3) * 4),
  byteRange: z.tuple([z.literal(0), z.int().min(1), z.int().min(1), z.int().min(1)]),
  pages: z.int().min(0).max(200),
})

export type PreparedSeal = z.infer<typeof preparedSeal>

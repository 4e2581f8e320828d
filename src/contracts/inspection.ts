// What the sandbox answers, by task. The parent checks every answer against these: a child that was taken over can say anything.
import { z } from 'zod'

/** The kinds of file that the sniffer knows. */
export const sniffedTypes = [
  'application/pdf',
  'image/png',
  'image/jpeg',
  'image/webp',
  'image/gif',
  'image/tiff',
  'text/plain',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
] as const

/**
 * `known`: exactly one of our types, of sound outer structure. `unknown`: none of them. `polyglot`: reads as two types at once. `bomb`: an archive
 * that would unpack to more than anybody means.
 */
export const sniffResult = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('known'), type: z.enum(sniffedTypes) }),
  z.strictObject({ kind: z.literal('unknown'), hint: z.string().max(64) }),
  z.strictObject({ kind: z.literal('polyglot'), types: z.array(z.string().max(80)).max(8) }),
  z.strictObject({ kind: z.literal('bomb'), hint: z.string().max(64) }),
])

/** One line that a child writes: the answer of its task, in whole or in part, or why it takes no such file. */
export const inspectionReply = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ok'), value: z.unknown() }),
  z.strictObject({ kind: z.literal('partial'), value: z.unknown(), reason: z.string().max(200) }),
  z.strictObject({ kind: z.literal('rejected'), reason: z.string().max(200) }),
])

export type SniffedType = (typeof sniffedTypes)[number]
export type SniffResult = z.infer<typeof sniffResult>
export type InspectionReply = z.infer<typeof inspectionReply>

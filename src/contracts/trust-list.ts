// The list of accredited providers as an operator keeps it (TRUST_LIST): a JSON file, read at start. The product keeps none of its own.
import { z } from 'zod'

const objectIdentifier = z.string().regex(/^[0-2](?:\.\d+)+$/, 'must be an object identifier')

const interval = z.strictObject({
  from: z.iso.datetime(),
  until: z.iso.datetime().nullable().describe('null: still so'),
  status: z.enum(['accredited', 'suspended', 'revoked', 'lapsed']),
})

const provider = z.strictObject({
  name: z.string().min(1).max(200),
  country: z.string().regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 code'),
  certificates: z.array(z.string().min(1).max(20_000)).min(1).max(50).describe('of its authorities: PEM, or DER in base64'),
  intervals: z.array(interval).min(1).max(100).describe('the times in which it had a status, in order and without overlap'),
  identification: z
    .record(objectIdentifier, z.enum(['face_to_face', 'remote']))
    .default({})
    .describe('by policy, how holders were identified'),
  isEquivalentForeign: z.boolean().default(false),
})

export const trustListFile = z.strictObject({
  version: z.string().min(1).max(100),
  issuedAt: z.iso.datetime(),
  nextUpdate: z.iso.datetime().describe('from then on the list is stale, and says nothing'),
  providers: z.array(provider).max(500),
})

export type TrustListFile = z.infer<typeof trustListFile>

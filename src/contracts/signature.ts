// Public shape of a judged signature, in the words of ETSI EN 319 102-1. Produced in the sandbox, checked by whoever receives it.
import { z } from 'zod'

export const indications = ['TOTAL_PASSED', 'TOTAL_FAILED', 'INDETERMINATE'] as const
export const subIndications = [
  'FORMAT_FAILURE',
  'HASH_FAILURE',
  'SIG_CRYPTO_FAILURE',
  'SIG_CONSTRAINTS_FAILURE',
  'CHAIN_CONSTRAINTS_FAILURE',
  'CRYPTO_CONSTRAINTS_FAILURE',
  'NO_SIGNING_CERTIFICATE_FOUND',
  'NO_CERTIFICATE_CHAIN_FOUND',
  'EXPIRED',
  'NOT_YET_VALID',
  'OUT_OF_BOUNDS_NO_POE',
  'TIMESTAMP_ORDER_FAILURE',
  'TRY_LATER',
] as const
export const integrities = ['intact', 'altered', 'unsupported'] as const
export const laterChangeKinds = ['none', 'validation', 'form_fill', 'annotation', 'undefined'] as const

/** Why a signature is judged as it is. The code is stable, the text is for people. */
export const signatureReason = z.object({ code: z.string().max(64), text: z.string().max(300) })

const certificateFacts = z.object({
  subject: z.string(),
  issuer: z.string(),
  serialNumber: z.string().describe('hexadecimal'),
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
  selfSigned: z.boolean(),
  sha256: z.string().describe('of the whole certificate, hexadecimal'),
})

export const signatureTimestamp = z.object({
  at: z.iso.datetime(),
  integrity: z.enum(integrities).describe('intact: the time-stamp is mathematically right and is of this very signature'),
  authority: z.string().nullable(),
})

export const signature = z.object({
  fields: z.array(z.string()).describe('full names of the form fields that hold it; none if it hangs on no field'),
  kind: z.enum(['approval', 'certification', 'document_timestamp']),
  indication: z.enum(indications),
  subIndication: z.enum(subIndications).optional(),
  integrity: z.enum(integrities).describe('of the signed bytes and the signature value alone'),
  coversWholeFile: z.boolean(),
  laterChanges: z.enum(laterChangeKinds).describe('the gravest change after it; one that the signature does not permit is undefined'),
  signer: z.string().nullable().describe('the name in the certificate; without a trusted chain nobody vouches for it'),
  certificate: certificateFacts.optional(),
  signedAt: z.iso.datetime().nullable().describe('from an intact time-stamp, else as the signer claims'),
  timestamp: signatureTimestamp.optional(),
  algorithm: z.string().nullable(),
  reasons: z.array(signatureReason),
})

export const signatureReport = z.object({
  outcome: z.enum(['ok', 'partial', 'rejected']),
  reason: z.string().optional().describe('why the file was not read, or not to the end'),
  signatures: z.array(signature),
  findings: z.array(signatureReason).describe('what was noticed about the file as a whole'),
})

export type Indication = (typeof indications)[number]
export type SubIndication = (typeof subIndications)[number]
export type Integrity = (typeof integrities)[number]
export type SignatureReason = z.infer<typeof signatureReason>
export type CertificateFacts = z.infer<typeof certificateFacts>
export type SignatureTimestamp = z.infer<typeof signatureTimestamp>
export type Signature = z.infer<typeof signature>
export type SignatureReport = z.infer<typeof signatureReport>

// What the sandbox finds out about a file for a compliance check, beyond the judgement of its signatures. The parent checks every answer against this.
import { z } from 'zod'
import { signatureReport } from './signature.ts'

const short = z.string().max(300)
const count = z.int().min(0)
const page = z.int().min(1).max(2_000)

/** A certificate in the words of the rules; null where the certificate does not say. */
export const examinedCertificate = z.strictObject({
  sha256: z.string().max(64),
  serialNumber: short,
  subject: z.strictObject({
    commonName: short.nullable(),
    /** Attribute serialNumber (2.5.4.5), organizationIdentifier (2.5.4.97) or uniqueIdentifier. */
    identifier: short.nullable(),
    emails: z.array(short).max(20),
    pseudonym: short.nullable(),
    country: short.nullable(),
  }),
  issuer: z.strictObject({
    commonName: short.nullable(),
    organization: short.nullable(),
    registryCode: short.nullable(),
    country: short.nullable(),
  }),
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
  isSelfSigned: z.boolean(),
  /** Names of RFC 5280: digitalSignature, nonRepudiation, keyEncipherment …; null: no such extension. */
  keyUsage: z.array(short).max(9).nullable(),
  extendedKeyUsage: z.array(short).max(40),
  policies: z.array(short).max(40),
  /** ETSI EN 319 412-5: whether there is a qualifying statement, and a reliance limit. */
  qualifying: z.boolean(),
  relianceLimit: z.strictObject({ currency: z.string().max(3), amount: z.number() }).nullable(),
})

export const examinedSignature = z.strictObject({
  /** Place in `report.signatures`. */
  index: count,
  /** Field tree → value → ByteRange: four whole numbers, from 0, the gap exactly Contents, the end a revision's end. */
  coverage: z.enum(['exact', 'faulty']),
  coverageReason: short.nullable(),
  /** `isWeakDigest`: MD5 or SHA-1. */
  digest: short.nullable(),
  isWeakDigest: z.boolean(),
  key: z
    .strictObject({ kind: z.enum(['rsa', 'ec', 'ed25519', 'ed448', 'other']), bits: count.nullable(), curve: short.nullable() })
    .nullable(),
  /** The signed attribute that binds one certificate (ESS signing-certificate). */
  certificateReference: z.enum(['bound', 'mismatched', 'absent', 'unknown']),
  certificate: examinedCertificate.nullable(),
  /** Where the path of the certificate ends: at a certificate of the trust list (its SHA-256), at itself, or elsewhere. */
  path: z.strictObject({ end: z.enum(['listed', 'self', 'other']), anchorSha256: z.string().max(64).nullable() }),
  hasTimestamp: z.boolean(),
  /** The object that holds the signature dictionary, as `12 0`; null when it is direct. */
  object: short.nullable(),
})

export const examination = z.strictObject({
  report: signatureReport,
  signatures: z.array(examinedSignature).max(100),
  isEncrypted: z.boolean(),
  pages: count,
  /** The newest revision's bytes end where the file ends, and each revision is a whole one. */
  isRegular: z.boolean(),
  active: z
    .array(
      z.strictObject({ kind: z.enum(['javascript', 'launch', 'submit', 'import', 'rich_media', 'xfa', 'movie', 'other']), object: short }),
    )
    .max(100),
  layers: z.strictObject({ total: count, hiddenByDefault: count }),
  external: z
    .array(z.strictObject({ kind: z.enum(['stream', 'goto', 'embedded_reference', 'font', 'image', 'url']), object: short }))
    .max(100),
  fonts: z.strictObject({ embedded: count, notEmbedded: z.array(short).max(100) }),
  /** Annotations over page content that hide it when shown or appear only on screen or only in print. */
  overlays: z.array(z.strictObject({ page, object: short, why: short })).max(100),
  rendering: z.strictObject({
    pages: count,
    failedPages: z.array(page).max(2_000),
    isCapped: z.boolean(),
    changedPages: z.array(page).max(2_000),
  }),
})

export type ExaminedCertificate = z.infer<typeof examinedCertificate>
export type ExaminedSignature = z.infer<typeof examinedSignature>
export type Examination = z.infer<typeof examination>

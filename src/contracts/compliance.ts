// Public shapes of compliance checks: what is asked, and what came out, rule by rule. One verdict and no score.
import { z } from 'zod'
import { declarations, requiredClasses } from './envelope.ts'
import { pageSchema } from './page.ts'

export const rulesets = ['eta-2019'] as const
export const checkStatuses = ['queued', 'evaluating', 'final'] as const
export const verdicts = ['CONSISTENT', 'INCONSISTENT', 'INDETERMINATE'] as const
export const ruleResults = ['PASS', 'FAIL', 'INDETERMINATE', 'NOT_APPLICABLE', 'NOT_IN_FORCE'] as const
/** Of a signature, from the least; the word candidate is deliberate: only the regulator or a court decides. */
export const signatureClasses = ['NONE', 'BASIC', 'ADVANCED_CANDIDATE', 'RECOGNISED_CANDIDATE'] as const
export const confidences = ['A', 'B+', 'B', 'B-', 'C+', 'C'] as const
export const ruleLevels = ['document', 'basic', 'advanced', 'recognised', 'informative'] as const

export const startCheckRequest = z.strictObject({
  ruleset: z.enum(rulesets),
  requiredClass: z
    .enum(requiredClasses)
    .optional()
    .describe('left out: that of the envelope, if there is one; a laxer one than the envelope’s does not count'),
  delay: z.int().min(0).max(2_592_000).optional().describe('seconds until it is evaluated; at once if left out'),
  declarations: declarations.optional().describe('what the envelope does not say; what it says otherwise leaves its rule open'),
})

export const evidence = z.object({
  kind: z.enum(['audit_event', 'act', 'object', 'page', 'hash', 'certificate', 'setting', 'fact']),
  ref: z.string().max(200).describe('id, number or hash of what is pointed at'),
  note: z.string().max(400),
})

export const ruleOutcome = z.object({
  id: z.string(),
  result: z.enum(ruleResults),
  section: z.string().describe('what the rule rests on'),
  confidence: z.enum(confidences).describe('how sure it is what the law says there'),
  level: z.enum(ruleLevels),
  isMandatory: z.boolean().describe('whether the verdict depends on it, for the required class'),
  reason: z.string().describe('what was found, in a sentence'),
  evidence: z.array(evidence),
  remedy: z.string().nullable().describe('what to do about it; null where nothing is to be done'),
  verifiedOn: z.iso.date().describe('when the legal source was last looked at'),
  ruleHash: z.string().describe('SHA-256 of the rule as data'),
})

export const signatureClass = z.object({
  signer: z.string().describe('masked'),
  origin: z.enum(['envelope', 'document']),
  reachedClass: z.enum(signatureClasses),
  signedAt: z.iso.datetime().nullable(),
  timeSource: z.enum(['timestamp', 'server', 'claimed', 'none']),
})

export const declared = z.object({
  name: z.string(),
  value: z.unknown(),
  saidBy: z.enum(['envelope', 'request', 'default']).describe('default: an envelope that names no kind of document'),
  isContradicted: z.boolean().describe('true: envelope and request say different things, and both are listed'),
})

export const complianceCheck = z.object({
  id: z.string(),
  documentId: z.string(),
  envelopeId: z.string().nullable(),
  ruleset: z.enum(rulesets),
  status: z.enum(checkStatuses),
  sequence: z.int(),
  verdict: z.enum(verdicts).nullable().describe('null until the status is final'),
  verdictReasons: z.array(z.string()).describe('ids of the rules that the verdict rests on'),
  requiredClass: z.enum(requiredClasses).nullable(),
  requiredClassFrom: z
    .enum(['envelope', 'request'])
    .nullable()
    .describe('who asks for it: the stricter of both; null until the status is final'),
  reachedClass: z.enum(signatureClasses).nullable(),
  rulesetVersion: z.string(),
  rulesetHash: z.string(),
  cached: z
    .boolean()
    .describe('true: the same content, envelope and rule set were examined before; what changes with time was looked at anew'),
  contentSha256: z.string().nullable(),
  inputsDigest: z.string().nullable(),
  trustListVersion: z.string().nullable(),
  revocationSnapshot: z.string().nullable(),
  declarations: z.array(declared).describe('as they were used, and who said each'),
  signatures: z.array(signatureClass),
  rules: z.array(ruleOutcome),
  disclaimer: z.string(),
  createdAt: z.iso.datetime(),
  dueAt: z.iso.datetime(),
  evaluatedAt: z.iso.datetime().nullable(),
})

export const checkSummary = complianceCheck.omit({ declarations: true, signatures: true, rules: true })
export const checkPage = pageSchema(checkSummary)

export type StartCheckRequest = z.infer<typeof startCheckRequest>
export type Evidence = z.infer<typeof evidence>
export type RuleOutcome = z.infer<typeof ruleOutcome>
export type Declared = z.infer<typeof declared>
export type SignatureClass = (typeof signatureClasses)[number]
export type RuleResult = (typeof ruleResults)[number]

export type Verdict = (typeof verdicts)[number]

export type ComplianceCheck = z.infer<typeof complianceCheck>
export type CheckSummary = z.infer<typeof checkSummary>
export type CheckPage = z.infer<typeof checkPage>

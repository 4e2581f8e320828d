// What a file in definitions/ holds: a form, an onboarding or a wizard as data. Its JSON Schemas are checked where they are compiled.
import { z } from 'zod'
import { expiresIn } from './expires-in.ts'

export const flowKinds = ['form', 'onboarding', 'wizard'] as const
export type FlowKind = (typeof flowKinds)[number]

const daySeconds = 86_400

/** One field or step of an older version in the newer one. All are pure; they run in their order. */
const migrationRule = z.union([
  z.strictObject({ rename: z.strictObject({ step: z.int().min(1), from: z.string().min(1), to: z.string().min(1) }) }),
  z.strictObject({ move: z.strictObject({ step: z.int().min(1), field: z.string().min(1), toStep: z.int().min(1) }) }),
  z.strictObject({ drop: z.strictObject({ step: z.int().min(1), field: z.string().min(1) }) }),
  z.strictObject({ default: z.strictObject({ step: z.int().min(1), field: z.string().min(1), value: z.unknown() }) }),
  z.strictObject({ moveStep: z.strictObject({ from: z.int().min(1), to: z.int().min(1) }) }),
])

const step = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be a word in lower case'),
  title: z.string().min(1).max(120),
  expectedSeconds: z.int().min(1).max(daySeconds).default(60).describe('how long it takes, until enough people have done it'),
  schema: z.record(z.string(), z.unknown()).describe('JSON Schema 2020-12 of the step’s own object'),
})

export const flowDefinition = z.strictObject({
  $schema: z.string().optional(),
  id: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be a word in lower case'),
  version: z.int().min(1).max(9_999),
  kind: z.enum(flowKinds),
  title: z.string().min(1).max(120),
  audience: z.enum(['anyone', 'user', 'expert', 'admin']).describe('forms and wizards: who may use it; onboarding: whose it is'),
  order: z.enum(['linear', 'free']),
  lifetime: expiresIn(30 * daySeconds).describe('from the last save on'),
  longestLifetime: expiresIn(30 * daySeconds)
    .optional()
    .describe('the most that a client may ask for'),
  resumeWindow: expiresIn(30 * daySeconds)
    .optional()
    .describe('how long after the last save it may be continued; the lifetime if left out'),
  steps: z.array(step).min(1).max(50),
  migrations: z.record(z.string().regex(/^[1-9]\d{0,3}$/, 'must be an older version'), z.array(migrationRule)).default({}),
})

export type FlowDefinition = z.output<typeof flowDefinition>
export type FlowStep = FlowDefinition['steps'][number]
export type MigrationRule = z.output<typeof migrationRule>

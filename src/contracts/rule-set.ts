// What a file in rulesets/ holds: the rules of a check as data, each with its source. What a rule looks at is the domain's (domain/compliance/rules/).
import { z } from 'zod'
import { confidences, ruleLevels, rulesets } from './compliance.ts'

/** The rules of ETA 2019, in the order in which they are shown. */
export const ruleIds = [
  'ETA-16-EXCLUDED',
  'ETA-17-CONSENT',
  'ETA-17-READABLE',
  'ETA-19-ACCESS',
  'ETA-21-INTEGRITY',
  'ETA-21-DISPLAY',
  'ETA-22-PRODUCE',
  'ETA-23-COPIES',
  'ETA-24-FORMAT',
  'ETA-24-META',
  'ETA-24-RETENTION',
  'ETA-25-CHAIN',
  'ETA-25-SYSTEM',
  'ETA-25-ORIGINATOR',
  'ETA-25-AFFIDAVIT',
  'ETA-29-DISPATCH',
  'ETA-33-REVIEW',
  'ETA-1-ACT',
  'ETA-20-CLASS',
  'ETA-20-CONTRARY',
  'SIG-COVERAGE',
  'SIG-INTACT',
  'SIG-CHANGES',
  'SIG-ALG',
  'AES-A-UNIQUE',
  'AES-B-IDENTIFY',
  'AES-C-CONTROL',
  'AES-D-LINK',
  'AES-FACTORS',
  'AES-F2F',
  'RES-CHAIN',
  'RES-ACCREDITED',
  'RES-CONTENT',
  'RES-KEYUSE',
  'RES-REVOCATION',
  'RES-LIMITS',
  'RES-FOREIGN',
  'SIG-TIME',
  'CON-34-INFO',
  'CON-35-COOLING',
  'CLAIM-48',
] as const
export type RuleId = (typeof ruleIds)[number]

const words = z.string().trim().min(1).max(400)
const phrases = z.array(z.string().trim().min(3).max(120)).min(1)
const kind = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/)
/** Ids of `sources`: nothing stands without one. */
const source = z.array(z.string().min(1)).min(1)
const provision = z.string().regex(/^(?:s[1-9]\d?|[a-z]+-regulations)$/, 'must be a section (s20) or a set of regulations')
const section = z.int().min(1).max(99)

export const rule = z.strictObject({
  id: z.enum(ruleIds),
  title: words,
  basis: words.describe('what the rule rests on, as people write it'),
  provisions: z.array(provision).min(1).describe('all must be in force for the rule to be asked'),
  confidence: z.enum(confidences),
  isDraft: z.boolean().describe('it rests on a draft whose final text was not seen'),
  level: z.enum(ruleLevels),
  mandatoryFrom: z.enum(['document', 'basic', 'advanced', 'recognised']).nullable().describe('null: no verdict depends on it'),
  timeBasis: z.enum(['signing', 'evaluation']).describe('at which time its provisions must be in force'),
  source,
  verifiedOn: z.iso.date(),
  examines: words,
  remedy: words,
})

const measured = z.strictObject({ value: z.number().min(0), source: words })

const calendarEntry = z.strictObject({
  name: words,
  sections: z.array(z.tuple([section, section])),
  regulations: z.array(z.string().regex(/^[a-z]+-regulations$/)),
  inForceFrom: z.iso.date().nullable().describe('null: not in force when it was last looked at'),
  confidence: z.enum(confidences),
  source,
  verifiedOn: z.iso.date(),
})

const shape = z.strictObject({
  id: z.enum(rulesets),
  version: z.int().min(1),
  title: words,
  disclaimer: words,
  sources: z.record(z.string(), z.strictObject({ title: words, confidence: z.enum(confidences) })),
  calendar: z.strictObject({
    utcOffset: z
      .string()
      .regex(/^[+-]\d\d:\d\d$/)
      .describe('of the days in the calendar'),
    entries: z.array(calendarEntry).min(1),
  }),
  policy: z.strictObject({
    sweepMaxAgeHours: measured,
    clockOffsetMaxMs: measured,
    trailPatienceSeconds: measured,
    rsaMinimumBits: measured,
    rsaAdvisedBits: measured,
    factorCategories: measured,
    weakDigestUntil: z.strictObject({ value: z.iso.date(), source: words }),
  }),
  curves: z.strictObject({ allowed: z.array(z.string()).min(1), source: words }),
  documentKinds: z.strictObject({
    allowed: z.array(kind).min(1),
    excluded: z.array(z.strictObject({ kind, hints: phrases })).min(1),
    source: words,
  }),
  inkClauses: phrases,
  forbiddenClaims: phrases,
  rules: z.array(rule),
})

/** A rule set that is whole: every rule once and in order, every source named, every provision in the calendar. */
export const ruleSet = shape.superRefine((set, context) => {
  const report = (path: PropertyKey[], message: string): void => context.addIssue({ code: 'custom', path, message })
  ruleIds.forEach((id, at) => {
    if (set.rules[at]?.id !== id) report(['rules', at], `must be ${id}: each of the ${ruleIds.length} rules once, in their order`)
  })
  if (set.rules.length > ruleIds.length) report(['rules'], 'has more rules than there are')
  const sourced = [
    ...set.rules.map((item, at) => ['rules', at, item] as const),
    ...set.calendar.entries.map((item, at) => ['calendar', at, item] as const),
  ]
  for (const [place, at, item] of sourced)
    for (const name of item.source)
      if (!Object.hasOwn(set.sources, name)) report([place, at, 'source'], `names "${name}", which is no source`)
  set.rules.forEach(({ provisions, level, mandatoryFrom }, at) => {
    for (const name of provisions)
      if (calendarEntriesOf(set.calendar, name).length !== 1) report(['rules', at, 'provisions'], `${name} must be once in the calendar`)
    if ((level === 'informative') !== (mandatoryFrom === null))
      report(['rules', at, 'mandatoryFrom'], 'is null for informative rules and for no other')
  })
})

export type RuleSet = z.output<typeof shape>
export type Rule = z.output<typeof rule>
export type CalendarEntry = z.output<typeof calendarEntry>

/** The entries that speak of a provision (`s20`, `signature-regulations`); one in a rule set that is whole. */
export function calendarEntriesOf({ entries }: RuleSet['calendar'], provision: string): CalendarEntry[] {
  const number = /^s(\d+)$/.exec(provision)?.[1]
  return entries.filter(({ sections, regulations }) =>
    number === undefined ? regulations.includes(provision) : sections.some(([from, to]) => Number(number) >= from && Number(number) <= to),
  )
}

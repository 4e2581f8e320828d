// The rule set as data: whole as it is, and refused when anything is taken from it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ruleIds, type RuleSet } from '../../../src/contracts/rule-set.ts'
import { inForceFromMs } from '../../../src/domain/compliance/calendar.ts'
import { projectRoot } from '../../../src/lib/run-file.ts'
import { parseRuleSet, readRuleSet, RuleSetError } from '../../../src/providers/rule-set.ts'

const name = 'eta-2019.v1.json'
const path = join(projectRoot, 'rulesets', name)
const fresh = (): RuleSet => JSON.parse(readFileSync(path, 'utf8')) as RuleSet

function faultsOf(change: (set: RuleSet) => unknown, as = name): string {
  const set = fresh()
  const changed = change(set)
  try {
    parseRuleSet(as, changed ?? set)
  } catch (error) {
    if (error instanceof RuleSetError) return error.message
    throw error
  }
  return ''
}

it('has the 41 rules of the design, each with source, confidence and the day on which the source was looked at', () => {
  const { rules, sources } = readRuleSet(path)
  expect(rules.map(({ id }) => id)).toEqual([...ruleIds])
  expect(rules).toHaveLength(41)
  for (const { source, confidence, verifiedOn } of rules) {
    expect(source.every((id) => id in sources)).toBe(true)
    expect(confidence).toMatch(/^[ABC]/)
    expect(verifiedOn).toMatch(/^\d{4}-\d\d-\d\d$/)
  }
})

it.each(['source', 'confidence', 'verifiedOn', 'provisions', 'remedy', 'timeBasis', 'level'] as const)(
  'a rule without %s is refused',
  (member) => {
    expect(faultsOf(({ rules }) => void delete (rules[3] as Partial<RuleSet['rules'][number]>)[member])).toContain(`rules.3.${member}`)
  },
)

it('a rule too few, one too many, one twice, and one that nobody knows are refused', () => {
  expect(faultsOf(({ rules }) => void rules.splice(5, 1))).toContain('rules.5')
  expect(faultsOf(({ rules }) => void rules.push(rules[0]!))).toContain('more rules')
  expect(faultsOf(({ rules }) => void rules.splice(1, 1, rules[0]!))).toContain('rules.1')
  expect(faultsOf(({ rules }) => void Object.assign(rules[2]!, { id: 'ETA-99-NEW' }))).toContain('rules.2.id')
})

it('a source that is not listed, an empty list of them and a provision outside the calendar are refused', () => {
  expect(faultsOf(({ rules }) => void Object.assign(rules[0]!, { source: ['hearsay'] }))).toContain('hearsay')
  expect(faultsOf(({ rules }) => void Object.assign(rules[0]!, { source: [] }))).toContain('rules.0.source')
  expect(faultsOf(({ rules }) => void Object.assign(rules[0]!, { provisions: ['s99'] }))).toContain('s99')
  expect(faultsOf(({ calendar }) => void calendar.entries.push(calendar.entries[0]!))).toContain('once in the calendar')
})

it('a verdict depends on no informative rule, and a file has the name of its id and version', () => {
  const copies = ruleIds.indexOf('ETA-23-COPIES')
  expect(faultsOf(({ rules }) => void Object.assign(rules[copies]!, { mandatoryFrom: 'document' }))).toContain(`rules.${copies}`)
  expect(faultsOf(() => undefined, 'eta-2019.v2.json')).toContain('eta-2019.v1.json')
  expect(faultsOf(() => 'nonsense')).not.toBe('')
})

it('the calendar gives each rule the day from which all that it rests on is in force', () => {
  const set = readRuleSet(path)
  const fromOf = (id: string): string | null => {
    const ms = inForceFromMs(
      set,
      set.rules.find((rule) => rule.id === id)!,
    )
    return ms === null ? null : new Date(ms).toISOString()
  }
  expect(fromOf('ETA-17-CONSENT')).toBe('2020-03-15T22:00:00.000Z')
  expect(fromOf('RES-CHAIN')).toBe('2026-06-14T22:00:00.000Z')
  expect(fromOf('CLAIM-48')).toBe('2026-06-14T22:00:00.000Z')
  expect(fromOf('CON-34-INFO')).toBeNull()
})

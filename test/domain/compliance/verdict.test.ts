// From outcomes to one verdict: the worked expectations of the design, the day on which section 20 came into force, and the algebra as properties.
import { expect, it } from 'vitest'
import { ruleResults, type RuleResult } from '../../../src/contracts/compliance.ts'
import { requiredClasses, type RequiredClass } from '../../../src/contracts/envelope.ts'
import { classOfDocument } from '../../../src/domain/compliance/classes.ts'
import { evaluateRules } from '../../../src/domain/compliance/evaluate.ts'
import type { CheckFacts } from '../../../src/domain/compliance/facts.ts'
import { isMandatory, verdictOf } from '../../../src/domain/compliance/verdict.ts'
import { changing, envelope, envelopeFacts, importedFacts, ruleSet, selfIssued, sha, signature, without } from '../../support/compliance.ts'

function check(facts: CheckFacts) {
  const rules = evaluateRules(facts, ruleSet)
  const resultOf = (id: string): RuleResult | undefined => rules.find((rule) => rule.id === id)?.result
  return { ...verdictOf(rules, facts.requiredClass), rules, resultOf, reached: classOfDocument(facts, ruleSet).reached }
}
const law = (facts: CheckFacts): CheckFacts => ({ ...facts, requiredClass: 'law_unspecified' })
const signedAt = (at: string) => changing(envelope(), 'envelope.signed', { at })

it('a typed name with a code, consent and an intact trail is consistent with what parties agreed, and basic', () => {
  expect(check(envelopeFacts())).toMatchObject({ verdict: 'CONSISTENT', reached: 'BASIC' })
})

it('the same is inconsistent where a law asks for a signature and names no type, on the class that it did not reach', () => {
  const { verdict, reasons, resultOf } = check(law(envelopeFacts()))
  expect({ verdict, first: reasons[0] }).toEqual({ verdict: 'INCONSISTENT', first: 'ETA-20-CLASS' })
  expect(resultOf('ETA-20-CLASS')).toBe('FAIL')
  // The platform's seal is not a signer's certificate, and its key is nobody's alone.
  expect(reasons).toEqual(['ETA-20-CLASS', 'AES-C-CONTROL'])
  expect(resultOf('RES-CHAIN')).toBe('NOT_APPLICABLE')
})

it('a self-issued certificate passes the rules of integrity, fails the chain, and is advanced only with evidence of control', () => {
  const alone = check(importedFacts({ signatures: [selfIssued()] }))
  for (const id of ['ETA-21-INTEGRITY', 'SIG-COVERAGE', 'SIG-INTACT', 'SIG-CHANGES']) expect(alone.resultOf(id)).toBe('PASS')
  expect(alone.resultOf('RES-CHAIN')).toBe('FAIL')
  expect(alone.reached).toBe('BASIC')
  const shown = check(importedFacts({ signatures: [selfIssued({ activation: '6' })] }))
  expect(shown.reached).toBe('ADVANCED_CANDIDATE')
})

it('of what was signed in 2025 the rules of section 20 are not in force, while those of sections 17 and 25 are', () => {
  const old = selfIssued({ signedAt: '2025-05-05T10:00:00.000Z', timestamp: { at: '2025-05-05T10:00:00.000Z', integrity: 'intact' } })
  const { rules, resultOf } = check(importedFacts({ signatures: [old] }))
  const bySection20 = rules.filter(({ id }) => /^(?:RES-|ETA-20-|AES-F)/.test(id))
  expect(bySection20).toHaveLength(11)
  expect(bySection20.map(({ result }) => result)).toEqual(bySection20.map(() => 'NOT_IN_FORCE'))
  expect(resultOf('ETA-17-READABLE')).toBe('PASS')
  expect(resultOf('ETA-25-CHAIN')).toBe('PASS')
  expect(resultOf('SIG-INTACT')).toBe('PASS')
})

it('what is not in force leaves an agreement of parties to the general rules, and is no reason to pass where a law asks for a signature', () => {
  const old = envelopeFacts({ envelope: signedAt('2025-05-05T10:00:00.000Z') })
  expect(check(old)).toMatchObject({ verdict: 'CONSISTENT' })
  for (const requiredClass of ['law_unspecified', 'law_recognised', null] as const) {
    const { rules } = check({ ...old, requiredClass })
    const ofSection20 = rules.filter(({ id }) => id.startsWith('ETA-20'))
    expect(verdictOf(ofSection20, requiredClass)).toEqual({ verdict: 'INDETERMINATE', reasons: ['ETA-20-CLASS', 'ETA-20-CONTRARY'] })
  }
})

it('section 20 is in force from midnight in Namibia, which is ten in the evening before in UTC', () => {
  const at = (time: string) => check(envelopeFacts({ envelope: signedAt(time) })).resultOf('ETA-20-CLASS')
  expect(at('2026-06-14T21:59:59.999Z')).toBe('NOT_IN_FORCE')
  expect(at('2026-06-14T22:00:00.000Z')).toBe('PASS')
})

it('where one signed before that day and one after it, a pass of the later one is no pass of the whole', () => {
  const early = signature({ signedAt: '2026-06-14T00:00:00.000Z', path: { end: 'other', anchorSha256: null } })
  const late = signature({ index: 1 })
  expect(check(importedFacts({ signatures: [early, late] })).resultOf('RES-CHAIN')).toBe('NOT_IN_FORCE')
  const lateAndWrong = signature({ index: 1, path: { end: 'other', anchorSha256: null } })
  expect(check(importedFacts({ signatures: [early, lateAndWrong] })).resultOf('RES-CHAIN')).toBe('FAIL')
})

it('a spoofed file is inconsistent on its later changes', () => {
  const spoofed = importedFacts({ requiredClass: 'law_recognised', signatures: [signature({ laterChanges: 'undefined' })] })
  const { verdict, reasons } = check(spoofed)
  expect(verdict).toBe('INCONSISTENT')
  expect(reasons).toEqual(expect.arrayContaining(['SIG-CHANGES', 'ETA-21-INTEGRITY']))
})

it('one byte changed in the sealed copy is inconsistent, and names the rule', () => {
  const facts = envelopeFacts()
  const { verdict, reasons } = check({ ...facts, subject: { ...facts.subject, sha256: sha('0') } })
  expect({ verdict, reasons }).toEqual({ verdict: 'INCONSISTENT', reasons: ['ETA-21-INTEGRITY'] })
})

it('nobody is above basic by a code, however often it was entered', () => {
  const twice = envelope({ acts: [...envelope().acts, { ...envelope().acts[4]!, sequence: 12 }] })
  expect(check(envelopeFacts({ envelope: twice })).reached).toBe('BASIC')
  for (const type of ['envelope.verified', 'envelope.reviewed', 'envelope.consented', 'envelope.signed'] as const)
    expect(check(envelopeFacts({ envelope: without(envelope(), type) })).reached).toBe('NONE')
  expect(check(envelopeFacts({ envelope: envelope({ actsFault: '4: edited' }) })).reached).toBe('NONE')
})

it('a recognised candidate is never shown as long as revocation is not looked up', () => {
  const best = importedFacts({ requiredClass: 'law_recognised', declarations: { value: { currency: 'NAD', amount: 1 } } })
  const { verdict, reached, reasons } = check(best)
  expect({ verdict, reached }).toEqual({ verdict: 'INDETERMINATE', reached: 'ADVANCED_CANDIDATE' })
  expect(reasons).toContain('RES-REVOCATION')
})

const asked: readonly (RequiredClass | null)[] = [...requiredClasses, null]

/** Every list of up to three results. */
const lists: RuleResult[][] = [
  [],
  ...ruleResults.flatMap((a) => [[a], ...ruleResults.flatMap((b) => [[a, b], ...ruleResults.map((c) => [a, b, c])])]),
]
const outcomes = (results: readonly RuleResult[]) => results.map((result, at) => ({ id: `R${at}`, result, isMandatory: true }))

it('a failure decides, whatever else there is, and only failures are then named', () => {
  for (const results of lists)
    for (const required of asked) {
      const { verdict, reasons } = verdictOf(outcomes(results), required)
      expect(verdict === 'INCONSISTENT').toBe(results.includes('FAIL'))
      if (verdict === 'INCONSISTENT')
        expect(reasons).toEqual(outcomes(results).flatMap(({ id, result }) => (result === 'FAIL' ? [id] : [])))
    }
})

it('without a failure an open rule decides; what is not applicable never does', () => {
  for (const results of lists.filter((list) => !list.includes('FAIL')))
    for (const required of asked) {
      const isOpen = results.includes('INDETERMINATE') || (results.includes('NOT_IN_FORCE') && required !== 'party_agreed')
      expect(verdictOf(outcomes(results), required).verdict).toBe(isOpen ? 'INDETERMINATE' : 'CONSISTENT')
      const more = verdictOf(outcomes([...results, 'NOT_APPLICABLE']), required)
      expect(more.verdict).toBe(verdictOf(outcomes(results), required).verdict)
    }
})

it('the order of the rules does not matter, and no worse result makes a better verdict', () => {
  const rank = { CONSISTENT: 2, INDETERMINATE: 1, INCONSISTENT: 0 }
  for (const results of lists)
    for (const required of asked) {
      const { verdict } = verdictOf(outcomes(results), required)
      expect(verdictOf(outcomes(results.toReversed()), required).verdict).toBe(verdict)
      for (let at = 0; at < results.length; at++)
        for (const worse of ['INDETERMINATE', 'FAIL'] as const) {
          if (results[at] === 'FAIL') continue
          const changed = results.with(at, worse)
          expect(rank[verdictOf(outcomes(changed), required).verdict]).toBeLessThanOrEqual(rank[verdict])
        }
    }
})

it('rules that are not mandatory change nothing', () => {
  for (const result of ruleResults) {
    const passing = { id: 'A', result: 'PASS' as const, isMandatory: true }
    const other = { id: 'B', result, isMandatory: false }
    expect(verdictOf([passing, other], 'law_recognised')).toEqual({ verdict: 'CONSISTENT', reasons: ['A'] })
  }
})

it('what is mandatory grows with what is asked for', () => {
  const mandatory = (required: RequiredClass | null) => ruleSet.rules.filter((rule) => isMandatory(rule, required)).map(({ id }) => id)
  expect(mandatory('party_agreed')).toEqual(mandatory(null))
  expect(mandatory('law_unspecified')).toEqual(mandatory('law_recognised'))
  expect(mandatory('law_recognised')).toEqual(expect.arrayContaining(mandatory('party_agreed')))
  const informative = ruleSet.rules.filter(({ level }) => level === 'informative').map(({ id }) => id)
  for (const id of informative) expect(mandatory('law_recognised')).not.toContain(id)
})

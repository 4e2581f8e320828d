// What an evaluator answers, and how the answers for several signatures or signers become one: FAIL beats INDETERMINATE beats PASS.
import type { Evidence, RuleResult } from '../../contracts/compliance.ts'
import type { RuleId, RuleSet } from '../../contracts/rule-set.ts'
import type { CheckFacts } from './facts.ts'

/** `remedyOf`: another rule whose remedy is the one that helps. */
export type Finding = { result: RuleResult; reason: string; evidence: readonly Evidence[]; remedyOf?: RuleId }

/** Pure: the same facts give the same finding. Numbers and lists are the rule set's. */
export type Evaluator = (facts: CheckFacts, set: RuleSet) => Finding

const mostEvidence = 20
const order: readonly RuleResult[] = ['FAIL', 'INDETERMINATE', 'NOT_IN_FORCE', 'PASS', 'NOT_APPLICABLE']

type Make = (reason: string, evidence?: readonly Evidence[]) => Finding

const make =
  (result: RuleResult): Make =>
  (reason, evidence = []) => ({ result, reason, evidence: evidence.slice(0, mostEvidence) })

export const pass: Make = make('PASS')
export const fail: Make = make('FAIL')
export const unsure: Make = make('INDETERMINATE')
export const notApplicable: Make = make('NOT_APPLICABLE')

/** The gravest of some results; NOT_APPLICABLE for none. */
export function gravestOf(results: readonly RuleResult[]): RuleResult {
  return order.find((result) => results.includes(result)) ?? 'NOT_APPLICABLE'
}

/** One finding for many: the gravest result, with the reasons of all that have it and the evidence of all. `none` is said when there are none. */
export function combine(findings: readonly Finding[], none: string): Finding {
  if (findings.length === 0) return notApplicable(none)
  const result = gravestOf(findings.map((finding) => finding.result))
  const reasons = [...new Set(findings.filter((finding) => finding.result === result).map(({ reason }) => reason))]
  const evidence = findings
    .toSorted((one, other) => order.indexOf(one.result) - order.indexOf(other.result))
    .flatMap((finding) => finding.evidence)
  return make(result)(reasons.join(' ').slice(0, 900), evidence)
}

export function note(kind: Evidence['kind'], ref: string | number, text: string): Evidence {
  return { kind, ref: String(ref).slice(0, 200), note: text.slice(0, 400) }
}

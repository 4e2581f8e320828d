// From outcomes to the one verdict. FAIL beats INDETERMINATE beats PASS; no percentage, no score.
import type { RuleOutcome, Verdict } from '../../contracts/compliance.ts'
import type { RequiredClass } from '../../contracts/envelope.ts'
import type { Rule } from '../../contracts/rule-set.ts'

type Level = NonNullable<Rule['mandatoryFrom']>

/** What parties agreed on need only be basic. Where a law asks for a signature a recognised one stands in for it, and that is an advanced one with more. */
const mandatoryLevels: Readonly<Record<RequiredClass, readonly Level[]>> = {
  party_agreed: ['document', 'basic'],
  law_unspecified: ['document', 'basic', 'advanced', 'recognised'],
  law_recognised: ['document', 'basic', 'advanced', 'recognised'],
}

/** Whether the verdict depends on a rule. Of an unknown class at least what every class asks for. */
export function isMandatory({ mandatoryFrom }: Pick<Rule, 'mandatoryFrom'>, requiredClass: RequiredClass | null): boolean {
  return mandatoryFrom !== null && mandatoryLevels[requiredClass ?? 'party_agreed'].includes(mandatoryFrom)
}

/**
 * INCONSISTENT when a mandatory rule fails, INDETERMINATE when one is open, else CONSISTENT. A rule that is not in force leaves what parties agreed on to the general
 * rules (sections 17 and 25); where a law asks for a signature, or it is not known who does, it leaves the matter open. `reasons` are the rules that decide.
 */
export function verdictOf(
  outcomes: readonly Pick<RuleOutcome, 'id' | 'result' | 'isMandatory'>[],
  requiredClass: RequiredClass | null,
): { verdict: Verdict; reasons: string[] } {
  const mandatory = outcomes.filter((outcome) => outcome.isMandatory)
  const failed = mandatory.filter(({ result }) => result === 'FAIL')
  if (failed.length > 0) return { verdict: 'INCONSISTENT', reasons: failed.map(({ id }) => id) }
  const open = mandatory.filter(
    ({ result }) => result === 'INDETERMINATE' || (result === 'NOT_IN_FORCE' && requiredClass !== 'party_agreed'),
  )
  if (open.length > 0) return { verdict: 'INDETERMINATE', reasons: open.map(({ id }) => id) }
  return { verdict: 'CONSISTENT', reasons: mandatory.filter(({ result }) => result === 'PASS').map(({ id }) => id) }
}

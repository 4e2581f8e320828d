// Facts and rules in, outcomes out: asks the calendar first and the evaluator then. Pure; the verdict over the outcomes is verdict.ts'.
import { createHash } from 'node:crypto'
import type { RuleOutcome } from '../../contracts/compliance.ts'
import type { RequiredClass } from '../../contracts/envelope.ts'
import type { Rule, RuleSet } from '../../contracts/rule-set.ts'
import { canonicalJson } from '../../lib/canonical-json.ts'
import { inForceFromMs } from './calendar.ts'
import { judged } from './declared.ts'
import type { Finding } from './finding.ts'
import type { CheckFacts } from './facts.ts'
import { evaluators } from './rules/evaluators.ts'
import { signatureTimes, signingTimes, type SigningTime } from './signing-time.ts'
import { isMandatory } from './verdict.ts'

/** SHA-256 in hex of a JSON value as RFC 8785 writes it. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}

/** One outcome for every rule of the set, in its order. */
export function evaluateRules(facts: CheckFacts, set: RuleSet): RuleOutcome[] {
  return set.rules.map((rule) => outcomeOf(rule, findingOf(rule, facts, set), facts.requiredClass, set))
}

/** A finding as the check shows it. */
export function outcomeOf(rule: Rule, finding: Finding, requiredClass: RequiredClass | null, set: RuleSet): RuleOutcome {
  const { id, basis, confidence, level, verifiedOn } = rule
  const { result, reason, evidence, remedyOf } = finding
  const remedy = set.rules.find((other) => other.id === remedyOf)?.remedy ?? rule.remedy
  const needsRemedy = result === 'FAIL' || result === 'INDETERMINATE' || (result === 'NOT_IN_FORCE' && level === 'informative')
  return {
    id,
    result,
    section: basis,
    confidence,
    level,
    isMandatory: isMandatory(rule, requiredClass),
    reason,
    evidence: [...evidence],
    remedy: needsRemedy ? remedy : null,
    verifiedOn,
    ruleHash: digestOf(rule),
  }
}

function findingOf(rule: Rule, facts: CheckFacts, set: RuleSet): Finding {
  const evaluate = judged(rule.id, evaluators[rule.id])
  const fromMs = inForceFromMs(set, rule)
  if (fromMs === null) return notInForce('What it rests on was not in force when that was last looked at.', 'no day is known')
  if (rule.timeBasis === 'signing') return atSigning(rule, facts, set, fromMs)
  const isInForce = Date.parse(facts.evaluatedAt) >= fromMs
  return isInForce ? evaluate(facts, set) : notInForce('What it rests on was not in force yet.', dayOf(fromMs))
}

/** Where some signed before that day and some after it, the rule is asked of the latter, and is not in force for the whole unless it fails. */
function atSigning(rule: Rule, facts: CheckFacts, set: RuleSet, fromMs: number): Finding {
  const evaluate = judged(rule.id, evaluators[rule.id])
  const times = timesOf(rule, facts)
  const isBefore = ({ at }: Pick<SigningTime, 'at'>): boolean => at !== null && Date.parse(at) < fromMs
  const before = times.filter(isBefore)
  if (before.length === times.length) return notInForce('It was signed before what this rests on was in force.', dayOf(fromMs), before)
  const later = { ...facts, signatures: facts.signatures.filter(({ role, signedAt }) => role !== 'signer' || !isBefore({ at: signedAt })) }
  const finding = evaluate(before.length > 0 ? later : facts, set)
  if (finding.result === 'NOT_APPLICABLE' || finding.result === 'FAIL') return finding
  if (times.some(({ at }) => at === null)) return { ...finding, result: 'INDETERMINATE', reason: 'When it was signed is not known.' }
  if (before.length > 0 && finding.result === 'PASS')
    return notInForce('A part of it was signed before what this rests on was in force.', dayOf(fromMs), before)
  return finding
}

/** The times that a rule asks about: of the acts, or of the signatures in the file where there are some. What nobody has signed is as if signed now. */
function timesOf({ id }: Rule, facts: CheckFacts): readonly Pick<SigningTime, 'at'>[] {
  const inFile = signatureTimes(facts)
  const times = id.startsWith('ETA-') || inFile.length === 0 ? signingTimes(facts) : inFile
  return times.length > 0 ? times : [{ at: facts.evaluatedAt }]
}

function notInForce(reason: string, day: string, times: readonly Pick<SigningTime, 'at'>[] = []): Finding {
  const evidence = [
    { kind: 'fact' as const, ref: day, note: 'in force from' },
    ...times.slice(0, 5).map(({ at }) => ({ kind: 'fact' as const, ref: at ?? 'unknown', note: 'signed' })),
  ]
  return { result: 'NOT_IN_FORCE', reason, evidence }
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString()
}

// From facts to a finished check. Pure.
import type { ComplianceCheck, RuleOutcome } from '../../contracts/compliance.ts'
import type { RuleSet } from '../../contracts/rule-set.ts'
import type { CheckRecord } from '../compliance-ports.ts'
import { classOfDocument, signaturesOf } from './classes.ts'
import { shownDeclarations } from './declared.ts'
import { digestOf, evaluateRules, outcomeOf } from './evaluate.ts'
import type { CheckFacts } from './facts.ts'
import { unsure } from './finding.ts'
import { verdictOf } from './verdict.ts'
import { viewOf } from './view.ts'

/** Revocation is not looked up: nothing is said of it as of any time. */
const revocationSnapshot = 'none'

/** The check as it is kept; its sequence is the one that it will have. */
export function resultOf(record: CheckRecord, facts: CheckFacts, cached: boolean, set: RuleSet): ComplianceCheck {
  const rules = evaluateRules(facts, set)
  const { verdict, reasons } = verdictOf(rules, facts.requiredClass)
  return {
    ...viewOf(record, set),
    status: 'final',
    sequence: record.sequence + 1,
    envelopeId: facts.envelope?.id ?? null,
    verdict,
    verdictReasons: reasons,
    requiredClass: facts.requiredClass,
    requiredClassFrom: facts.requiredClassFrom === 'nowhere' ? null : facts.requiredClassFrom,
    declarations: shownDeclarations(facts),
    reachedClass: classOfDocument(facts, set).reached,
    cached,
    contentSha256: facts.subject.sha256,
    inputsDigest: digestOf(facts),
    trustListVersion: facts.trustList?.version ?? null,
    revocationSnapshot,
    signatures: signaturesOf(facts, set),
    rules,
    evaluatedAt: facts.evaluatedAt,
  }
}

/** A check that could not be carried out: no rule is answered, and the verdict is open. `word` says why. */
export function openResultOf(record: CheckRecord, word: string, nowMs: number, set: RuleSet): ComplianceCheck {
  const finding = unsure('The check could not be carried out.', [{ kind: 'fact', ref: word.slice(0, 200), note: 'why' }])
  const rules: RuleOutcome[] = set.rules.map((rule) => outcomeOf(rule, finding, record.requiredClass, set))
  const { verdict, reasons } = verdictOf(rules, record.requiredClass)
  return {
    ...viewOf(record, set),
    status: 'final',
    sequence: record.sequence + 1,
    verdict,
    verdictReasons: reasons,
    revocationSnapshot,
    rules,
    evaluatedAt: new Date(nowMs).toISOString(),
  }
}

// How a check looks to clients, before and after it is final.
import type { CheckSummary, ComplianceCheck } from '../../contracts/compliance.ts'
import type { RuleSet } from '../../contracts/rule-set.ts'
import type { CheckRecord } from '../compliance-ports.ts'
import { digestOf } from './evaluate.ts'

export function versionOf({ id, version }: RuleSet): string {
  return `${id}.v${version}`
}

const unsaid: Pick<ComplianceCheck, 'requiredClassFrom' | 'declarations'> = { requiredClassFrom: null, declarations: [] }

/** Everything; what is not known before the end is null or empty until then. */
export function viewOf(record: CheckRecord, set: RuleSet): ComplianceCheck {
  const { id, documentId, status, sequence, result, requiredClass } = record
  // Checks that ended before these members were there have none.
  if (result) return { ...unsaid, ...result, status, sequence }
  return {
    id,
    documentId,
    envelopeId: null,
    ruleset: set.id,
    status,
    sequence,
    verdict: null,
    verdictReasons: [],
    requiredClass,
    reachedClass: null,
    rulesetVersion: versionOf(set),
    rulesetHash: digestOf(set),
    cached: false,
    contentSha256: null,
    inputsDigest: null,
    trustListVersion: null,
    revocationSnapshot: null,
    ...unsaid,
    signatures: [],
    rules: [],
    disclaimer: set.disclaimer,
    createdAt: timeOf(record.createdAtMs),
    dueAt: timeOf(record.dueAtMs),
    evaluatedAt: null,
  }
}

/** The same without its rules. */
export function summaryOf(record: CheckRecord, set: RuleSet): CheckSummary {
  const { declarations: _declarations, signatures: _signatures, rules: _rules, ...summary } = viewOf(record, set)
  return summary
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

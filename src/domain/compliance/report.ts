// The readable report of a check, as data for the printer: verdict and disclaimer first, then what was asked, signer by signer and rule by rule.
import type { ComplianceCheck, RuleOutcome, RuleResult, Verdict } from '../../contracts/compliance.ts'
import type { RuleSet } from '../../contracts/rule-set.ts'
import type { PrintedBlock, PrintedDocument, Tone } from '../print-ports.ts'

const verdictTones: Readonly<Record<Verdict, Tone>> = { CONSISTENT: 'good', INCONSISTENT: 'bad', INDETERMINATE: 'unsure' }
const resultTones: Readonly<Record<RuleResult, Tone>> = {
  PASS: 'good',
  FAIL: 'bad',
  INDETERMINATE: 'unsure',
  NOT_APPLICABLE: 'muted',
  NOT_IN_FORCE: 'muted',
}
const resultWords: Readonly<Record<RuleResult, string>> = {
  PASS: 'PASS',
  FAIL: 'FAIL',
  INDETERMINATE: 'INDETERMINATE',
  NOT_APPLICABLE: 'not applicable',
  NOT_IN_FORCE: 'not in force',
}
const verdictWords: Readonly<Record<Verdict, string>> = {
  CONSISTENT: 'Every rule that the verdict depends on passes.',
  INCONSISTENT: 'A rule that the verdict depends on fails.',
  INDETERMINATE: 'No rule that the verdict depends on fails, and at least one is open.',
}
const classWords = {
  party_agreed: 'what the parties agreed on (a basic signature is enough)',
  law_unspecified: 'a law that names no type (a recognised signature stands in)',
  law_recognised: 'a law that asks for a recognised signature',
} as const
const groups: readonly [title: string, prefixes: readonly string[]][] = [
  ['Document and record', ['ETA-16', 'ETA-17', 'ETA-19', 'ETA-21', 'ETA-22', 'ETA-23', 'ETA-24', 'ETA-25', 'ETA-29', 'CLAIM']],
  ['Act of signing', ['ETA-33', 'ETA-1-', 'ETA-20', 'SIG-TIME']],
  ['Signatures in the file', ['SIG-']],
  ['Advanced electronic signature', ['AES-']],
  ['Recognised electronic signature', ['RES-']],
  ['Consumers', ['CON-']],
]

/** Nobody is named in it. */
export function reportOf(check: ComplianceCheck, set: RuleSet): PrintedDocument {
  const verdict = check.verdict ?? 'INDETERMINATE'
  const decisive = check.verdictReasons.slice(0, 8).join(', ')
  const because = verdict === 'CONSISTENT' ? '' : ` Decided by: ${decisive}${check.verdictReasons.length > 8 ? ' …' : ''}.`
  return {
    title: 'Compliance check',
    language: 'en',
    atMs: Date.parse(check.evaluatedAt ?? check.createdAt),
    footer: `${check.id} · ${check.rulesetVersion} · automated technical check, not legal advice`,
    blocks: [
      { kind: 'badge', text: verdict, tone: verdictTones[verdict], note: `${verdictWords[verdict]}${because}` },
      { kind: 'paragraph', text: check.disclaimer, tone: 'muted' },
      { kind: 'facts', rows: factsOf(check, set) },
      ...signatureBlocks(check),
      { kind: 'heading', text: 'Rules', level: 1 },
      {
        kind: 'paragraph',
        text: 'The verdict depends on the rules that are marked with an asterisk. The letter says how sure it is what the law says: A from a primary or gazetted text, B from a good secondary source, C inferred.',
        tone: 'muted',
      },
      ...groupBlocks(check, set),
      { kind: 'heading', text: 'Evidence', level: 1 },
      evidenceTable(check),
      { kind: 'heading', text: 'Digests of the rules', level: 1 },
      {
        kind: 'table',
        columns: ['Rule', 'Source verified', 'SHA-256 of the rule'],
        widths: [22, 14, 64],
        rows: check.rules.map(({ id, verifiedOn, ruleHash }) => [{ text: id }, { text: verifiedOn }, { text: ruleHash }]),
      },
    ],
  }
}

function factsOf(check: ComplianceCheck, set: RuleSet): [string, string][] {
  const { requiredClass, requiredClassFrom } = check
  return [
    ['Rule set', `${set.title}, ${check.rulesetVersion}`],
    [
      'Required',
      requiredClass === null
        ? 'not known'
        : `${classWords[requiredClass]}${requiredClassFrom === null ? '' : `, as the ${requiredClassFrom} asks`}`,
    ],
    ...check.declarations.map(({ name, value, saidBy, isContradicted }): [string, string] => [
      `Declared: ${name}`,
      `${typeof value === 'string' ? value : JSON.stringify(value)} (${saidBy}${isContradicted ? ', contradicted' : ''})`,
    ]),
    ['Reached', (check.reachedClass ?? 'not known').replaceAll('_', ' ')],
    ['Document', check.documentId],
    ...(check.envelopeId === null ? [] : [['Envelope', check.envelopeId] as [string, string]]),
    ['SHA-256 of its bytes', check.contentSha256 ?? 'not read'],
    ['Evaluated', check.evaluatedAt ?? 'not yet'],
    ['Check', check.id],
    ['Digest of all inputs', check.inputsDigest ?? 'none'],
    ['Digest of the rule set', check.rulesetHash],
    ['List of providers', check.trustListVersion ?? 'none is configured'],
    ['Revocation', check.revocationSnapshot === 'none' ? 'not looked up' : (check.revocationSnapshot ?? 'not looked up')],
  ]
}

function signatureBlocks({ signatures }: ComplianceCheck): PrintedBlock[] {
  if (signatures.length === 0) return []
  const rows = signatures.map(({ signer, origin, reachedClass, signedAt, timeSource }) => [
    { text: signer },
    { text: origin === 'envelope' ? 'signed here' : 'in the file' },
    { text: reachedClass.replaceAll('_', ' '), tone: reachedClass === 'NONE' ? ('bad' as const) : ('plain' as const) },
    { text: signedAt ?? 'unknown' },
    { text: timeSource },
  ])
  return [
    { kind: 'heading', text: 'Signatures', level: 1 },
    { kind: 'table', columns: ['Signer', 'Where', 'Class', 'Time (UTC)', 'By'], widths: [26, 14, 22, 26, 12], rows },
  ]
}

function groupBlocks({ rules }: ComplianceCheck, set: RuleSet): PrintedBlock[] {
  const left = new Set(rules)
  return groups.flatMap(([title, prefixes]): PrintedBlock[] => {
    const own = [...left].filter(
      ({ id }) => prefixes.some((prefix) => id.startsWith(prefix)) && (id !== 'SIG-TIME' || prefixes.includes('SIG-TIME')),
    )
    for (const rule of own) left.delete(rule)
    return own.length === 0
      ? []
      : [
          { kind: 'heading', text: title, level: 2 },
          { kind: 'table', columns: ['Rule', 'Result', 'What was found'], widths: [27, 17, 56], rows: own.map((rule) => rowOf(rule, set)) },
        ]
  })
}

function rowOf({ id, isMandatory, section, confidence, result, reason, remedy }: RuleOutcome, set: RuleSet) {
  const title = set.rules.find((rule) => rule.id === id)?.title ?? ''
  return [
    { text: `${id}${isMandatory ? ' *' : ''}\n${title}\n${section} (${confidence})` },
    { text: resultWords[result], tone: resultTones[result] },
    { text: remedy === null ? reason : `${reason}\n→ ${remedy}` },
  ]
}

function evidenceTable({ rules }: ComplianceCheck): PrintedBlock {
  const rows = rules.flatMap(({ id, evidence }) =>
    evidence.map(({ kind, ref, note }, at) => [
      { text: at === 0 ? id : '' },
      { text: kind.replaceAll('_', ' ') },
      { text: ref },
      { text: note },
    ]),
  )
  return { kind: 'table', columns: ['Rule', 'Kind', 'Reference', 'Note'], widths: [22, 13, 34, 31], rows }
}

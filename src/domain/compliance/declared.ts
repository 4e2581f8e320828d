// What is declared of a document, by its envelope and by whoever asks for the check. The request fills what the envelope leaves open and may ask for more, never for less.
import type { Declared } from '../../contracts/compliance.ts'
import type { RequiredClass } from '../../contracts/envelope.ts'
import type { RuleId } from '../../contracts/rule-set.ts'
import { canonicalJson } from '../../lib/canonical-json.ts'
import type { CheckRecord } from '../compliance-ports.ts'
import type { Declarations } from '../envelope-ports.ts'
import type { CheckFacts } from './facts.ts'
import { note, unsure, type Evaluator, type Finding } from './finding.ts'

type Name = keyof Declarations
type Request = Pick<CheckRecord, 'requiredClass' | 'declarations'>
/** `isKindDeclared` false: the kind of document is the one that an envelope counts as which declares none. */
type Sent = { requiredClass: RequiredClass; declarations: Declarations; isKindDeclared: boolean }

type DeclaredFacts = Pick<
  CheckFacts,
  'requiredClass' | 'requiredClassFrom' | 'requestedClass' | 'declarations' | 'declaredBy' | 'contradictions' | 'documentKindFrom'
>

const strictness: readonly RequiredClass[] = ['party_agreed', 'law_unspecified', 'law_recognised']

/** Which declarations a rule reads. */
const readBy: Partial<Record<RuleId, readonly Name[]>> = {
  'ETA-16-EXCLUDED': ['documentKind'],
  'ETA-17-CONSENT': ['publicBody', 'alternativeOffered'],
  'ETA-20-CONTRARY': ['contraryIntention'],
  'ETA-23-COPIES': ['certifiedCopies'],
  'RES-LIMITS': ['value'],
  'RES-FOREIGN': ['foreignSignatures'],
}

/** Of a document without an envelope (`sent` null) the request's stand alone. Where both declare something and differ, the envelope's is used and both are kept. */
export function declaredOf(request: Request, sent: Sent | null): DeclaredFacts {
  const ofEnvelope: Declarations = sent?.declarations ?? {}
  const isDefault = (name: Name): boolean => name === 'documentKind' && sent?.isKindDeclared === false
  const { documentKind: kind, ...rest } = ofEnvelope
  const firm: Declarations = isDefault('documentKind') || kind === undefined ? rest : ofEnvelope
  const declarations: Declarations = { ...ofEnvelope, ...request.declarations, ...firm }
  const names = Object.keys(declarations) as Name[]
  const by = (name: Name) => (name in firm ? 'envelope' : name in request.declarations ? 'request' : 'default')
  const declaredBy = Object.fromEntries(names.map((name) => [name, by(name)]))
  return {
    ...classOf(request, sent),
    declarations,
    declaredBy,
    contradictions: names
      .filter((name) => name in firm && name in request.declarations && textOf(firm[name]) !== textOf(request.declarations[name]))
      .map((name) => ({ name, envelope: textOf(firm[name]), request: textOf(request.declarations[name]) })),
    documentKindFrom: declarations.documentKind === undefined ? 'nowhere' : by('documentKind') === 'default' ? 'default' : 'declared',
  }
}

/** The stricter one of both. */
function classOf(
  { requiredClass: requested }: Request,
  sent: Sent | null,
): Pick<DeclaredFacts, 'requiredClass' | 'requiredClassFrom' | 'requestedClass'> {
  const ofEnvelope = sent?.requiredClass ?? null
  const isRequests = requested !== null && (ofEnvelope === null || strictness.indexOf(requested) > strictness.indexOf(ofEnvelope))
  if (isRequests) return { requiredClass: requested, requiredClassFrom: 'request', requestedClass: requested }
  return { requiredClass: ofEnvelope, requiredClassFrom: ofEnvelope === null ? 'nowhere' : 'envelope', requestedClass: requested }
}

/** As a check shows them: each that was used, and behind it what the request said otherwise. */
export function shownDeclarations({ declarations, declaredBy, contradictions }: CheckFacts): Declared[] {
  return Object.entries(declarations).flatMap(([name, value]): Declared[] => {
    const contradiction = contradictions.find((other) => other.name === name)
    const used: Declared = { name, value, saidBy: declaredBy[name as Name] ?? 'request', isContradicted: contradiction !== undefined }
    return contradiction ? [used, { ...used, value: JSON.parse(contradiction.request) as unknown, saidBy: 'request' }] : [used]
  })
}

/**
 * A rule whose declarations contradict each other is asked twice, once by each of them: it fails if it does by either (who asks for a check cannot make it laxer), and
 * is open otherwise.
 */
export function judged(id: RuleId, evaluate: Evaluator): Evaluator {
  return (facts, set) => {
    const differing = facts.contradictions.filter(({ name }) => readBy[id]?.includes(name))
    const finding = evaluate(facts, set)
    if (differing.length === 0) return finding
    const asked = Object.fromEntries(differing.map(({ name, request }) => [name, JSON.parse(request) as unknown]))
    const findings = [finding, evaluate({ ...facts, declarations: { ...facts.declarations, ...asked } }, set)]
    return decided(findings, differing)
  }
}

function decided(findings: readonly Finding[], differing: CheckFacts['contradictions']): Finding {
  const failed = findings.find(({ result }) => result === 'FAIL')
  const both = differing.flatMap(({ name, envelope, request }) => [
    note('fact', `${name}: ${envelope}`, 'the envelope says'),
    note('fact', `${name}: ${request}`, 'the request says'),
  ])
  const names = differing.map(({ name }) => name).join(', ')
  if (failed) return { ...failed, evidence: [...both, ...failed.evidence] }
  return unsure(`The envelope and the request declare different things (${names}).`, [
    ...both,
    ...findings.flatMap(({ evidence }) => evidence),
  ])
}

function textOf(value: unknown): string {
  return canonicalJson(value)
}

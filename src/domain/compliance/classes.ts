// Which class of signature each signer reached, and which one could still be reached if what is unknown turned out well. One-time codes never lead above BASIC.
import { signatureClasses, type ComplianceCheck, type RuleResult, type SignatureClass } from '../../contracts/compliance.ts'
import type { RuleSet } from '../../contracts/rule-set.ts'
import { inForceFromMs } from './calendar.ts'
import { gravestOf } from './finding.ts'
import type { ActFacts, CheckFacts, EnvelopeFacts, SignatureFacts } from './facts.ts'
import { actOf, consentOf, identityOf, reviewOf } from './rules/acts.ts'
import { controlOf, identificationOf, uniquenessOf } from './rules/advanced.ts'
import { unsignedEndings } from './rules/file.ts'
import { accreditationOf, chainOf, contentOf, foreignnessOf, keyUseOf, limitsOf, revocationOf } from './rules/recognised.ts'
import { algorithmsOf, changesOf, coverageOf, intactnessOf, type SignatureRule } from './rules/signatures.ts'
import { signersSignatures } from './signing-time.ts'

/** `possible` is never below `reached`. */
export type Reached = { reached: SignatureClass; possible: SignatureClass }

const basic: readonly SignatureRule[] = [coverageOf, intactnessOf, changesOf]
const advanced: readonly SignatureRule[] = [algorithmsOf, uniquenessOf, identificationOf, controlOf]
const recognised: readonly SignatureRule[] = [chainOf, accreditationOf, contentOf, keyUseOf, revocationOf, limitsOf, foreignnessOf]

/** Of a signature in the file. Before recognised signatures were in force none could be one. */
export function classOfSignature(signature: SignatureFacts, facts: CheckFacts, set: RuleSet): Reached {
  const resultOf = (rules: readonly SignatureRule[]): RuleResult => gravestOf(rules.map((rule) => rule(signature, facts, set).result))
  const fromMs = inForceFromMs(set, { provisions: ['s20'] })
  const isRecognisable = fromMs !== null && signature.signedAt !== null && Date.parse(signature.signedAt) >= fromMs
  return climb([resultOf(basic), resultOf(advanced), isRecognisable ? resultOf(recognised) : 'FAIL'])
}

/** Of a signer of an envelope: identified, reviewed, consented, signed by a deliberate act, all in an intact chain. An agreement that not all signed has no class. */
export function classOfSigner(envelope: EnvelopeFacts, number: number): Reached {
  const signed = envelope.acts.find(({ type, signer }) => type === 'envelope.signed' && signer === number)
  const isVoid = signed === undefined || envelope.actsFault !== null || unsignedEndings.has(envelope.status)
  return climb([isVoid ? 'FAIL' : basicActs(envelope, signed), 'FAIL', 'FAIL'])
}

function basicActs(envelope: EnvelopeFacts, signed: ActFacts): RuleResult {
  return gravestOf([identityOf, reviewOf, consentOf, actOf].map((rule) => rule(envelope, signed).result))
}

/** Up from NONE for as long as the results hold. */
function climb(results: readonly RuleResult[]): Reached {
  const height = (holds: (result: RuleResult) => boolean): number => {
    const at = results.findIndex((result) => !holds(result))
    return at === -1 ? results.length : at
  }
  const at = (index: number): SignatureClass => signatureClasses[index] ?? 'NONE'
  return { reached: at(height((result) => result === 'PASS')), possible: at(height((result) => result !== 'FAIL')) }
}

/** The class of the whole: that of its least signature. NONE when nobody has signed. */
export function classOfDocument(facts: CheckFacts, set: RuleSet): Reached {
  const { envelope } = facts
  const all = envelope
    ? envelope.signers.map(({ number }) => classOfSigner(envelope, number))
    : signersSignatures(facts).map((signature) => classOfSignature(signature, facts, set))
  return { reached: least(all.map(({ reached }) => reached)), possible: least(all.map(({ possible }) => possible)) }
}

function least(classes: readonly SignatureClass[]): SignatureClass {
  return classes.length === 0 ? 'NONE' : (signatureClasses[Math.min(...classes.map(rankOf))] ?? 'NONE')
}

export function rankOf(name: SignatureClass): number {
  return signatureClasses.indexOf(name)
}

/** Signer by signer, as a check shows them; nobody is named. */
export function signaturesOf(facts: CheckFacts, set: RuleSet): ComplianceCheck['signatures'] {
  const { envelope } = facts
  const acts = (envelope?.signers ?? []).map(({ number }) => {
    const signed = envelope?.acts.find(({ type, signer }) => type === 'envelope.signed' && signer === number)
    return {
      signer: `signer ${number}`,
      origin: 'envelope' as const,
      reachedClass: envelope ? classOfSigner(envelope, number).reached : 'NONE',
      signedAt: signed?.at ?? null,
      timeSource: signed ? ('server' as const) : ('none' as const),
    }
  })
  const inFile = signersSignatures(facts).map((signature) => ({
    signer: signature.certificate ? `certificate ${signature.certificate.sha256.slice(0, 16)}` : `signature ${signature.index + 1}`,
    origin: 'document' as const,
    reachedClass: classOfSignature(signature, facts, set).reached,
    signedAt: signature.signedAt,
    timeSource: signature.timeSource,
  }))
  return [...acts, ...inFile]
}

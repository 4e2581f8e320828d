// Each signature in the file: what it covers, whether that is unchanged, what came later, by which algorithms, and when.
import type { RuleSet } from '../../../contracts/rule-set.ts'
import { combine, fail, note, pass, unsure, type Evaluator, type Finding } from '../finding.ts'
import type { CheckFacts, SignatureFacts } from '../facts.ts'
import { signedActs, signersSignatures } from '../signing-time.ts'
import { actNotes } from './acts.ts'

/** A rule of one signature. */
export type SignatureRule = (signature: SignatureFacts, facts: CheckFacts, set: RuleSet) => Finding

const unsigned = 'It carries no signature.'
const shortDigests = new Set(['SHA-224', 'SHA3-224'])
const otherNames: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp256r1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }

export const coverageOf: SignatureRule = (signature) => {
  const evidence = [placeOf(signature)]
  if (!signature.isExamined) return unsure('What a signature covers was not looked at.', evidence)
  if (signature.reasons.includes('no_field')) return fail('No form field of the document holds a signature.', evidence)
  if (signature.coverage === 'faulty')
    return fail('A signature does not cover the whole of its revision.', [
      ...evidence,
      note('fact', signature.coverageReason ?? 'unknown', 'what is wrong'),
    ])
  return pass('Every signature covers the whole of its revision.', evidence)
}

/** Its place is in the file, its value is not. */
export function isNeverMade({ reasons, integrity }: SignatureFacts): boolean {
  return integrity === 'unsupported' && reasons.includes('empty')
}

export const intactnessOf: SignatureRule = (signature) => {
  const evidence = [
    placeOf(signature),
    ...(signature.subIndication === null ? [] : [note('fact', signature.subIndication, 'ETSI EN 319 102-1')]),
  ]
  switch (signature.integrity) {
    case 'intact':
      return pass('What was signed is unchanged.', evidence)
    case 'altered':
      return fail('What was signed was changed, or the signature is damaged.', evidence)
    case 'unsupported':
      return unsure('A signature is of a kind that cannot be checked here.', evidence)
  }
}

export const changesOf: SignatureRule = (signature, { examination }) => {
  const evidence = [placeOf(signature), note('fact', signature.laterChanges, 'gravest change after it')]
  // Nobody has signed there yet: what came later cannot have broken anything.
  if (isNeverMade(signature)) return unsure('A signature was prepared but never made: it protects nothing.', evidence)
  switch (signature.laterChanges) {
    case 'none':
    case 'validation':
    case 'form_fill':
      return pass('Nothing was added that a signature does not permit.', evidence)
    case 'undefined':
      return fail('Something was changed after a signature that may not be.', evidence)
    case 'annotation': {
      const covered = examination.state === 'whole' || examination.state === 'partial' ? examination.overlays : []
      const pages = covered.slice(0, 5).map(({ page, why }) => note('page', page, why))
      if (pages.length > 0) return fail('A remark was put over what was signed.', [...evidence, ...pages])
      return unsure('Remarks were added later; whether they cover what was signed is for a person to see.', evidence)
    }
  }
}

export const algorithmsOf: SignatureRule = (signature, _facts, { policy, curves }) => {
  const { digest, isWeakDigest, key, timestamp } = signature
  const evidence = [placeOf(signature), note('fact', digest ?? 'unknown', 'digest'), note('fact', nameOfKey(key), 'key')]
  const isOld = timestamp?.integrity === 'intact' && Date.parse(timestamp.at) < Date.parse(policy.weakDigestUntil.value)
  if (isWeakDigest)
    return isOld
      ? unsure('The digest is weak, and a time-stamp shows that it was not when it was used.', evidence)
      : fail('The digest can be forged by now.', evidence)
  if (digest !== null && shortDigests.has(digest)) return fail('The digest is shorter than SHA-256.', evidence)
  if (digest === null || key === null) return unsure('The algorithms are not known here.', evidence)
  switch (key.kind) {
    case 'rsa':
      if (key.bits === null) return unsure('The size of the key is not known.', evidence)
      if (key.bits < policy.rsaMinimumBits.value)
        return fail(`An RSA key of fewer than ${policy.rsaMinimumBits.value} bits is too small.`, evidence)
      return pass(
        key.bits < policy.rsaAdvisedBits.value
          ? `The algorithms are current; ${policy.rsaAdvisedBits.value} bits are advised.`
          : 'The algorithms are current.',
        evidence,
      )
    case 'ec':
      return curves.allowed.includes(curveName(key.curve))
        ? pass('The algorithms are current.', evidence)
        : fail('The curve is not one of those that are known to be safe.', evidence)
    case 'ed25519':
    case 'ed448':
      return pass('The algorithms are current.', evidence)
    case 'other':
      return fail('The kind of key is not one of those that are known to be safe.', evidence)
  }
}

export const timeOf: SignatureRule = (signature) => {
  const { timestamp, signedAt } = signature
  const evidence = [placeOf(signature)]
  if (timestamp && timestamp.integrity === 'altered')
    return fail('A time-stamp is of other data.', [...evidence, note('fact', timestamp.at, 'what it says')])
  if (timestamp && timestamp.integrity === 'intact')
    return pass('A time-stamp shows when it was signed; who stands behind its authority was not looked up.', [
      ...evidence,
      note('fact', timestamp.at, 'time-stamp'),
    ])
  return unsure('The time of signing is only claimed by the signer.', [...evidence, note('fact', signedAt ?? 'none', 'claimed')])
}

export const coverage = ofSignatures(coverageOf)
export const intactness = ofSignatures(intactnessOf)
export const changes = ofSignatures(changesOf)
/** A time-stamp's algorithms are its authority's business. */
export const algorithms = ofSignatures(algorithmsOf, ({ role }) => role !== 'timestamp')

export const signingTime: Evaluator = (facts, set) => {
  if (!facts.envelope)
    return combine(
      signersSignatures(facts).map((signature) => timeOf(signature, facts, set)),
      unsigned,
    )
  const acts = facts.envelope.acts.filter(({ type }) => type === 'envelope.signed')
  if (signedActs(facts).length === 0) return unsure('No signer has signed yet.')
  const evidence = acts.flatMap((act) => actNotes(act, `signed at ${act.at}, by our clock`))
  if (acts.some(({ event }) => event === null)) return unsure('When it was signed is not in the audit trail yet.', evidence)
  return pass('Every act of signing was received here, and its time is in the audit trail.', evidence)
}

function ofSignatures(ruleOf: SignatureRule, isMeant: (signature: SignatureFacts) => boolean = () => true): Evaluator {
  return (facts, set) =>
    combine(
      facts.signatures.filter(isMeant).map((signature) => ruleOf(signature, facts, set)),
      unsigned,
    )
}

export function placeOf({ object, index, role }: SignatureFacts) {
  return note(
    'object',
    object ?? 'direct',
    `signature ${index + 1}${role === 'seal' ? ' (this platform’s seal)' : role === 'timestamp' ? ' (time-stamp)' : ''}`,
  )
}

function nameOfKey(key: SignatureFacts['key']): string {
  if (!key) return 'unknown'
  return [key.kind, key.curve === null ? null : curveName(key.curve), key.bits].filter((part) => part !== null).join(' ')
}

function curveName(curve: string | null): string {
  return curve === null ? '' : (otherNames[curve] ?? curve)
}

// The four marks of an advanced electronic signature, (a) to (d) of section 1, for signatures by a certificate of the signer's own. All four are required.
import type { RuleId } from '../../../contracts/rule-set.ts'
import { combine, fail, gravestOf, note, notApplicable, pass, unsure, type Evaluator, type Finding } from '../finding.ts'
import type { SignatureFacts } from '../facts.ts'
import { signersSignatures } from '../signing-time.ts'
import { changes, coverage, intactness, placeOf, type SignatureRule } from './signatures.ts'

export const noOwnCertificate = 'No signer signed with a certificate of their own.'
const signing = new Set(['digitalSignature', 'nonRepudiation', 'contentCommitment'])

export const uniquenessOf: SignatureRule = (signature) => {
  const { certificateReference, certificate, isPlatformKey } = signature
  const evidence = [placeOf(signature), ...certificateNotes(signature)]
  if (certificateReference === 'mismatched') return fail('A signature names another certificate than the one it fits.', evidence)
  if (isPlatformKey) return fail('The key is this platform’s own, which seals for everybody.', evidence)
  if (certificate?.keyUsage != null && !certificate.keyUsage.some((use) => signing.has(use)))
    return fail('The certificate is not for signing.', evidence)
  if (certificateReference !== 'bound') return unsure('A signature does not bind one certificate.', evidence)
  return pass('Every signature binds one certificate. Whether others hold the same key can only its provider say.', evidence)
}

export const identificationOf: SignatureRule = (signature) => {
  const { certificate, holder } = signature
  const evidence = [placeOf(signature), ...certificateNotes(signature)]
  if (!certificate) return unsure('There is no certificate that names the signer.', evidence)
  if (holder === 'differs') return fail('The certificate is another person’s than the invited signer’s.', evidence)
  if (certificate.isPseudonym) return unsure('The certificate names a pseudonym.', evidence)
  if (!certificate.hasName || !(certificate.hasIdentifier || holder === 'matches'))
    return unsure('The certificate has a name and no identifier.', evidence)
  if (holder === 'name_only') return unsure('The certificate has the signer’s name; nothing else in it is known of them.', evidence)
  return pass(
    holder === 'nobody' ? 'The certificate names its holder with an identifier.' : 'The certificate is the invited signer’s.',
    evidence,
  )
}

export const controlOf: SignatureRule = (signature) => {
  const evidence = [placeOf(signature), ...certificateNotes(signature)]
  if (signature.isPlatformKey) return fail('The key is this platform’s own, which seals for everybody.', evidence)
  if (signature.activation !== null)
    return pass('The signer activated the key, by an act on record.', [...evidence, note('act', signature.activation, 'activation')])
  return unsure('There is no evidence that the signer alone could use the key.', evidence)
}

export const uniqueness = ofSigners(uniquenessOf)
export const identification = ofSigners(identificationOf)

export const control: Evaluator = (facts, set) => {
  const own = signersSignatures(facts)
  if (own.length > 0 || !facts.envelope) return ofSigners(controlOf)(facts, set)
  const seals = facts.signatures.filter(({ role }) => role === 'seal')
  if (seals.length === 0) return notApplicable(noOwnCertificate)
  return fail('The only key is this platform’s own, which seals for everybody: no signer controls one alone.', seals.map(placeOf))
}

export const link: Evaluator = (facts, set) => {
  const parts: [RuleId, Finding][] = [
    ['SIG-COVERAGE', coverage(facts, set)],
    ['SIG-INTACT', intactness(facts, set)],
    ['SIG-CHANGES', changes(facts, set)],
  ]
  const result = gravestOf(parts.map(([, finding]) => finding.result))
  const deciding = parts.filter(([, finding]) => finding.result === result)
  const evidence = deciding.flatMap(([, finding]) => finding.evidence)
  if (result === 'PASS') return pass('Signatures are linked to what they sign so that any change shows.', evidence)
  const [first] = deciding
  const reason = deciding.map(([id, finding]) => `${id}: ${finding.reason}`).join(' ')
  return { result, reason, evidence, ...(first && result !== 'NOT_APPLICABLE' ? { remedyOf: first[0] } : {}) }
}

export const factors: Evaluator = (facts, { policy }) => {
  const own = signersSignatures(facts)
  const counts = own.map(({ factors }) => factors && new Set(factors).size)
  // A code to a phone or a mailbox shows possession of it, and a typed name shows nothing.
  if (own.length === 0 && facts.envelope)
    return fail('Signers were identified by one factor: possession of a phone or a mailbox.', [note('fact', 'possession', 'factor')])
  const findings = counts.map((count) => {
    if (count === null || count === 2)
      return unsure(count === null ? 'By which factors the signer was authenticated is not known.' : 'Two factors were used.')
    return count >= policy.factorCategories.value ? pass('Three factors were used.') : fail('One factor was used.')
  })
  return combine(findings, noOwnCertificate)
}

export const faceToFace: Evaluator = (facts) =>
  combine(
    signersSignatures(facts).map((signature) => {
      const evidence = [
        ...certificateNotes(signature),
        ...(signature.certificate?.policies ?? []).slice(0, 5).map((oid) => note('fact', oid, 'policy')),
      ]
      switch (signature.provider?.identification) {
        case 'face_to_face':
          return pass('The provider identifies holders under this policy face to face.', evidence)
        case 'remote':
          return fail('The provider identifies holders under this policy from afar.', evidence)
        case 'unknown':
        case undefined:
          return unsure('How the holder was identified is not known.', evidence)
      }
    }),
    noOwnCertificate,
  )

function ofSigners(ruleOf: SignatureRule): Evaluator {
  return (facts, set) =>
    combine(
      signersSignatures(facts).map((signature) => ruleOf(signature, facts, set)),
      noOwnCertificate,
    )
}

export function certificateNotes({ certificate }: SignatureFacts) {
  return certificate ? [note('certificate', certificate.sha256, 'SHA-256 of the certificate')] : []
}

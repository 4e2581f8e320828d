// What each signer of an envelope did, in which order, and how it is known who did it. Of a file that was imported nothing of this is on record.
import type { Evidence } from '../../../contracts/compliance.ts'
import type { ActType } from '../../envelope-ports.ts'
import { combine, fail, note, pass, unsure, type Evaluator, type Finding } from '../finding.ts'
import type { ActFacts, CheckFacts, EnvelopeFacts } from '../facts.ts'
import { signersSignatures } from '../signing-time.ts'
import { publicBodyFault } from './admissible.ts'

/** The rules of one signer who signed: each looks at what came before the act of signing. */
export type SignerRule = (envelope: EnvelopeFacts, signed: ActFacts) => Finding

const deliberate = new Set(['typed', 'drawn', 'clicked'])
const imported = 'It was imported: what was done when it was signed is not on record here.'
const nobodySigned = 'No signer has signed yet.'

export const consentOf: SignerRule = (envelope, signed) => {
  const consent = before(envelope, signed, 'envelope.consented')
  if (!consent) return fail(`Signer ${signed.signer} signed without having accepted electronic dealing before.`, actNotes(signed, 'signed'))
  const evidence = [...actNotes(consent, `accepted text ${textOf(consent, 'textVersion')}`), ...actNotes(signed, 'signed')]
  const sha256 = textOf(consent, 'textSha256')
  if (sha256 === '') return unsure(`It is not on record what text signer ${signed.signer} accepted.`, evidence)
  return pass('Every signer accepted electronic dealing before signing.', [...evidence, note('hash', sha256, 'of the accepted text')])
}

export const reviewOf: SignerRule = (envelope, signed) => {
  const review = before(envelope, signed, 'envelope.reviewed')
  if (!review) return fail(`Signer ${signed.signer} was not shown a summary to review.`, actNotes(signed, 'signed'))
  return pass('Every signer reviewed before signing, and could correct.', actNotes(review, 'reviewed'))
}

export const actOf: SignerRule = (envelope, signed) => {
  const method = textOf(signed, 'method')
  const intent = textOf(signed, 'intentSha256')
  const evidence = [
    ...actNotes(signed, `signed: ${method || 'no method'}`),
    ...(intent === '' ? [] : [note('hash', intent, 'of the statement of intent')]),
  ]
  if (!deliberate.has(method)) return fail(`How signer ${signed.signer} signed was no deliberate act.`, evidence)
  if (intent === '') return fail(`Signer ${signed.signer} signed without a statement of intent.`, evidence)
  return pass('Every signer signed by a deliberate act, under a statement of intent.', evidence)
}

export const identityOf: SignerRule = (envelope, signed) => {
  const verified = before(envelope, signed, 'envelope.verified')
  if (!verified) return fail(`There is no evidence who signer ${signed.signer} was.`, actNotes(signed, 'signed'))
  const verification = textOf(verified, 'verificationId')
  const evidence = [
    ...actNotes(verified, `a code to ${textOf(verified, 'channel') || 'an address'} was entered`),
    note('fact', verification, 'verification'),
  ]
  const named = textOf(signed, 'verificationId')
  if (verification === '' || (named !== '' && named !== verification))
    return fail(`Signer ${signed.signer} was identified by another verification than the one that signed.`, evidence)
  if (verified.isErased) return unsure(`The evidence who signer ${signed.signer} was has been erased.`, evidence)
  return pass('Every signer was identified by a code to an address of theirs.', evidence)
}

export const consent: Evaluator = (facts) => {
  const finding = ofSigners(facts, consentOf)
  const fault = publicBodyFault(facts)
  if (fault === 'no_alternative')
    return fail('The sender is a public body and offered no other way.', [
      note('fact', 'alternativeOffered', 'declared: no'),
      ...finding.evidence,
    ])
  if (fault === 'unknown' && finding.result === 'PASS')
    return unsure('The sender is a public body, and it is not declared whether it offered another way.', finding.evidence)
  return finding
}

export const review: Evaluator = (facts) => ofSigners(facts, reviewOf)

export const deliberateAct: Evaluator = (facts) => ofSigners(facts, actOf)

export const originator: Evaluator = (facts) => {
  if (facts.envelope) return ofSigners(facts, identityOf)
  const findings = signersSignatures(facts).map(({ certificate, path, object }) => {
    if (!certificate)
      return fail('A signature names no certificate: there is no evidence who made it.', [note('object', object ?? 'direct', 'signature')])
    const evidence = [note('certificate', certificate.sha256, certificate.isSelfSigned ? 'issued by itself' : 'issued by another')]
    if (certificate.isSelfSigned || path.end === 'self')
      return unsure('Nobody vouches for a certificate: it was issued by itself.', evidence)
    return pass('Every signature names a certificate that another party issued.', evidence)
  })
  return findings.length === 0 ? unsure(imported) : combine(findings, imported)
}

/** A rule of signers over all who signed. */
function ofSigners({ envelope }: CheckFacts, ruleOf: SignerRule): Finding {
  if (!envelope) return unsure(imported)
  const signed = envelope.acts.filter(({ type }) => type === 'envelope.signed')
  if (signed.length === 0) return unsure(nobodySigned)
  return combine(
    signed.map((act) => ruleOf(envelope, act)),
    nobodySigned,
  )
}

/** The last act of a kind by the same signer before the act of signing. */
function before({ acts }: EnvelopeFacts, signed: ActFacts, type: ActType): ActFacts | undefined {
  return acts.findLast((act) => act.type === type && act.signer === signed.signer && act.sequence < signed.sequence)
}

export function actNotes({ sequence, event, signer }: ActFacts, what: string): Evidence[] {
  const who = signer === null ? '' : `signer ${signer}: `
  return [
    note('act', sequence, `${who}${what}`),
    ...(event === null ? [] : [note('audit_event', event, `carries the hash of act ${sequence}`)]),
  ]
}

function textOf({ facts }: ActFacts, name: string): string {
  const value = facts[name]
  return typeof value === 'string' ? value : ''
}

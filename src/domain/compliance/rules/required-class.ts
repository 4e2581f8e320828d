// Whether the class of signature that is asked for was reached.
import type { SignatureClass } from '../../../contracts/compliance.ts'
import type { RequiredClass } from '../../../contracts/envelope.ts'
import { classOfDocument, rankOf } from '../classes.ts'
import { fail, note, pass, unsure, type Evaluator } from '../finding.ts'

const needed: Readonly<Record<RequiredClass, SignatureClass>> = {
  party_agreed: 'BASIC',
  law_unspecified: 'RECOGNISED_CANDIDATE',
  law_recognised: 'RECOGNISED_CANDIDATE',
}
const draftNote =
  'An advanced signature was reached: draft signature regulation 5 lets it suffice where a law names no type; the final text was not seen, so it does not count here.'

export const requiredClass: Evaluator = (facts, set) => {
  const { reached, possible } = classOfDocument(facts, set)
  const evidence = [note('fact', reached, 'class that was reached')]
  if (facts.requiredClass === null) return unsure('Which class of signature is asked for is not known.', evidence)
  const least = needed[facts.requiredClass]
  evidence.push(note('fact', facts.requiredClass, `asked for, as the ${facts.requiredClassFrom} says: at least ${least}`))
  if (facts.requestedClass !== null && facts.requestedClass !== facts.requiredClass)
    evidence.push(note('fact', facts.requestedClass, 'the request asks for less than the envelope, which does not count'))
  if (rankOf(reached) >= rankOf(least)) return pass(`${reached} was reached, and ${least} is enough.`, evidence)
  if (rankOf(possible) >= rankOf(least)) return unsure(`${reached} is shown; whether ${least} was reached is not known.`, evidence)
  const isNearlyEnough = facts.requiredClass === 'law_unspecified' && reached === 'ADVANCED_CANDIDATE'
  if (isNearlyEnough) evidence.push(note('fact', 'draft regulation 5', draftNote))
  return fail(`${reached} was reached, and ${least} is asked for.${isNearlyEnough ? ` ${draftNote}` : ''}`, evidence)
}

// What we say ourselves, and the provisions on consumers, which were not in force when they were last looked at.
import { fail, note, pass, unsure, type Evaluator } from '../finding.ts'

export const claims: Evaluator = ({ claims: { texts, hits, hasDisclaimer } }) => {
  const looked = note('fact', texts, 'texts that were looked at')
  if (hits.length > 0)
    return fail(
      'A text of ours suggests accreditation.',
      hits.map(({ text, phrase }) => note('fact', text, `"${phrase}"`)),
    )
  if (!hasDisclaimer) return fail('The disclaimer is missing.', [looked])
  return pass('No text of ours suggests accreditation, and the disclaimer is there.', [looked])
}

/** Never asked as long as the calendar has no day for chapter 4. */
export const consumer: Evaluator = ({ declarations }) =>
  unsure('What chapter 4 asks is not examined by this rule set.', [
    note('fact', String(declarations.consumer ?? 'unknown'), 'whether a signer deals as a consumer'),
  ])

// Whether the document may be electronic at all: its kind, its readers, and whether anybody wants ink.
import { fail, note, pass, unsure, type Evaluator } from '../finding.ts'
import type { CheckFacts } from '../facts.ts'

export const documentKind: Evaluator = ({ declarations, documentKindFrom, text }, { documentKinds }) => {
  const kind = declarations.documentKind
  const hints = text.kindHints.map(({ page, kind: hinted, phrase }) => note('page', page, `"${phrase}" is found in a ${words(hinted)}`))
  if (kind === undefined) return unsure('Nobody declared what kind of document this is.', hints)
  const declared = note('fact', kind, documentKindFrom === 'default' ? 'what an envelope counts as that declares nothing' : 'declared')
  if (documentKinds.excluded.some((excluded) => excluded.kind === kind))
    return fail(`A ${words(kind)} is reported to be excluded from electronic form.`, [declared, ...hints])
  if (hints.length > 0) return unsure(`It counts as ${words(kind)}, and its words look like another kind.`, [declared, ...hints])
  if (documentKindFrom === 'default' && !text.isRead)
    return unsure(`It counts as ${words(kind)} since nobody declared its kind, and not all of its text could be looked at.`, [declared])
  if (!documentKinds.allowed.includes(kind)) return unsure(`Whether a ${words(kind)} may be electronic is on neither list.`, [declared])
  return pass(`It counts as ${words(kind)}, which is not known to be excluded.`, [declared])
}

export const readable: Evaluator = ({ examination, document, subject }) => {
  switch (examination.state) {
    case 'none':
      return subject.state === 'missing' ? fail('There are no bytes to open.') : unsure('The stored bytes could not be reached.')
    case 'refused':
      if (examination.isEncrypted) return unsure('It is encrypted, and no password was given.', [note('fact', examination.reason, 'why')])
      return fail('It cannot be read safely by any of our readers.', [note('fact', examination.reason, 'why it was refused')])
    case 'whole':
    case 'partial':
  }
  const pages = note('fact', examination.pages, 'pages')
  if (examination.isEncrypted) return unsure('It is encrypted, and no password was given.', [pages])
  if (document.status === 'rejected' || document.status === 'quarantined')
    return fail(`The document was ${document.status} when it was processed.`, [note('fact', document.reason ?? document.status, 'why')])
  if (examination.pages < 1) return fail('It has no page.', [pages])
  return pass('It opens in the sandbox.', [pages])
}

export const contraryIntention: Evaluator = ({ declarations, text }) => {
  const clauses = text.inkClauses.map(({ page, phrase }) => note('page', page, `"${phrase}"`))
  switch (declarations.contraryIntention) {
    case 'ink_required':
      return fail('It is declared that ink is wanted.', [note('fact', 'ink_required', 'declared'), ...clauses])
    case 'none':
      return pass('It is declared that nobody wants ink.', [note('fact', 'none', 'declared'), ...clauses])
    case undefined:
  }
  if (clauses.length > 0) return unsure('A clause seems to ask for ink, and nobody declared whether it does.', clauses)
  if (!text.isRead) return unsure('Nobody declared whether ink is wanted, and not all of the text could be looked at.')
  return pass('No clause that asks for ink was found.')
}

/** A public body must leave a way without electronic dealing; null when nothing is wrong with that. */
export function publicBodyFault({ declarations }: Pick<CheckFacts, 'declarations'>): 'no_alternative' | 'unknown' | null {
  if (declarations.publicBody !== true) return null
  if (declarations.alternativeOffered === undefined) return 'unknown'
  return declarations.alternativeOffered ? null : 'no_alternative'
}

function words(kind: string): string {
  return kind.replaceAll('_', ' ')
}

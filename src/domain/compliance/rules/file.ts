// The bytes: whether they are there, what they were, show what was signed, and can be produced.
import type { Evidence } from '../../../contracts/compliance.ts'
import { combine, fail, note, notApplicable, pass, unsure, type Evaluator, type Finding } from '../finding.ts'
import type { EnvelopeFacts, ObjectFacts, SignatureFacts } from '../facts.ts'
import { isNeverMade } from './signatures.ts'

/** Nobody signs any more, and not all did. */
export const unsignedEndings: ReadonlySet<string> = new Set(['declined', 'expired', 'canceled'])

/** They lead elsewhere; nothing of what is shown comes from there. */
const leads: ReadonlySet<string> = new Set(['goto', 'url'])

export const access: Evaluator = ({ subject, envelope, retention, examination, evaluatedAt }) => {
  if (envelope?.isPurged || (retention !== null && retention.purgedAt !== null)) return fail('It was removed when its time was over.')
  if (subject.state === 'missing') return fail('The stored bytes are gone.', [note('hash', subject.recordedSha256, 'what was recorded')])
  if (envelope && !envelope.isOpen) return fail('The key to what belongs to it has left the ring.')
  const ended = retention?.endsAt != null && !retention.isHeld && Date.parse(retention.endsAt) <= Date.parse(evaluatedAt)
  if (ended) return fail('The time for which it is kept is over.', [note('fact', retention.endsAt ?? '', 'end')])
  if (subject.state === 'unreachable') return unsure('The store could not be reached.')
  if (examination.state === 'none' || examination.state === 'refused')
    return unsure('Whether it needs anything from outside could not be looked at.')
  const external = examination.external
    .filter(({ kind }) => !leads.has(kind))
    .map(({ kind, object }) => note('object', object, `takes content from outside: ${kind}`))
  if (external.length > 0) return fail('It shows content that is fetched from outside.', external)
  if (examination.state === 'partial')
    return unsure('It was not looked at to the end, and may need something from outside.', [
      note('fact', examination.reason ?? 'unknown', 'why'),
    ])
  const fonts = examination.fonts.notEmbedded.slice(0, 5).map((name) => note('fact', name, 'font that is not embedded'))
  return pass('It is stored, can be opened and needs nothing from outside.', fonts)
}

export const integrity: Evaluator = (facts) => {
  const bytes = ofBytes(facts.subject)
  if (bytes.result !== 'PASS') return bytes
  if (facts.subject.what === 'sealed' && facts.examination.state === 'whole' && !facts.signatures.some(({ role }) => role === 'seal'))
    return fail('The seal is not in the sealed copy.', bytes.evidence)
  const judged = combine(facts.signatures.map(ofSignature), 'It carries no signature.')
  const form = facts.envelope && finalForm(facts.envelope, facts.subject.what)
  if (form?.result === 'FAIL') return form
  if (judged.result === 'FAIL' || judged.result === 'INDETERMINATE') return { ...judged, evidence: [...bytes.evidence, ...judged.evidence] }
  if (form?.result === 'INDETERMINATE') return { ...form, evidence: [...form.evidence, ...bytes.evidence] }
  if (facts.envelope) return pass('The bytes are those that were recorded, and nothing was changed that is signed.', bytes.evidence)
  if (facts.signatures.length > 0)
    return pass('The bytes are those that were received, and nothing was changed that is signed.', bytes.evidence)
  return unsure('No hash was recorded when it took its final form; the bytes are those that were received.', bytes.evidence)
}

/** Its final form is the sealed copy of a completed envelope. */
function finalForm({ status }: EnvelopeFacts, what: 'sealed' | 'document'): Finding {
  const stands = [note('fact', status, 'status of the envelope')]
  if (status === 'seal_failed') return fail('It could not be sealed: there is no final form of what was signed.', stands)
  if (unsignedEndings.has(status)) return unsure('It was not signed by all: it never took its final form.', stands)
  if (status !== 'completed') return unsure('It is still being signed or sealed: it has not taken its final form yet.', stands)
  return what === 'sealed' ? pass('It was sealed.', stands) : fail('There is no sealed copy on record.', stands)
}

export const display: Evaluator = ({ examination }) => {
  if (examination.state === 'none') return unsure('It could not be looked at.')
  if (examination.state === 'refused')
    return examination.isEncrypted
      ? unsure('It is encrypted: its pages were not drawn.')
      : fail('Its pages cannot be drawn.', [note('fact', examination.reason ?? 'unknown', 'why')])
  const { rendering, active, layers, overlays } = examination
  const faults: Evidence[] = [
    ...rendering.failedPages.slice(0, 5).map((page) => note('page', page, 'cannot be drawn')),
    ...rendering.changedPages.slice(0, 5).map((page) => note('page', page, 'looks different from what was signed')),
  ]
  if (faults.length > 0) return fail('It shows something else than what was signed, or nothing.', faults)
  const doubts: Evidence[] = [
    ...active.slice(0, 5).map(({ kind, object }) => note('object', object, `active content: ${kind}`)),
    ...(layers.total > 0
      ? [note('fact', layers.total, `layers that a reader can show or hide, ${layers.hiddenByDefault} of them hidden to begin with`)]
      : []),
    ...overlays.slice(0, 5).map(({ page, why }) => note('page', page, why)),
  ]
  if (doubts.length > 0) return unsure('It has content that may show something else at another time or place.', doubts)
  const pages = note('fact', rendering.pages, 'pages that were drawn')
  if (rendering.isCapped) return unsure('It has more pages than are drawn.', [pages])
  return pass('Every page can be drawn, and nothing on it moves or hides.', [pages])
}

export const produce: Evaluator = ({ bundle, envelope, subject }) => {
  const files = note('fact', bundle.files, 'files in the bundle')
  const form = envelope && finalForm(envelope, subject.what)
  if (form && form.result !== 'PASS' && bundle.state !== 'failed')
    return { ...form, reason: `There is no evidence bundle of a sealed copy. ${form.reason}` }
  switch (bundle.state) {
    case 'verified':
      return pass('Its evidence bundle was made and verified without any part of this service.', [files])
    case 'failed':
      return fail('Its evidence bundle does not verify.', [files, note('fact', bundle.detail ?? 'unknown', 'what does not fit')])
    case 'skipped':
      return unsure('Its evidence bundle was not verified.', [note('fact', bundle.detail ?? 'unknown', 'why')])
  }
}

export const copies: Evaluator = ({ declarations: { certifiedCopies = 0 } }) =>
  certifiedCopies > 0
    ? unsure('Certified copies are asked for: that is for a person to see to.', [note('fact', certifiedCopies, 'copies')])
    : notApplicable('Nobody asked for certified copies.')

export const format: Evaluator = ({ original }) => {
  const bytes = ofBytes(original)
  return bytes.result === 'PASS' ? pass('The bytes that were received are kept; nothing was converted.', bytes.evidence) : bytes
}

function ofBytes({ state, recordedSha256, sha256 }: ObjectFacts): Finding {
  const recorded = note('hash', recordedSha256, 'SHA-256 as recorded')
  if (state === 'missing') return fail('The stored bytes are gone.', [recorded])
  if (state === 'unreachable' || sha256 === null) return unsure('The store could not be reached.', [recorded])
  const now = note('hash', sha256, 'SHA-256 of the stored bytes now')
  return sha256 === recordedSha256
    ? pass('The bytes are those that were recorded.', [recorded, now])
    : fail('The stored bytes are not those that were recorded.', [recorded, now])
}

function ofSignature(signature: SignatureFacts): Finding {
  const { object, indication, integrity, coverage, laterChanges, reasons, index } = signature
  const evidence = [note('object', object ?? 'direct', `signature ${index + 1}`)]
  if (integrity === 'altered') return fail('What a signature covers was changed.', evidence)
  if (coverage === 'faulty') return fail('A signature does not cover what it should.', evidence)
  if (isNeverMade(signature)) return unsure('A signature was prepared but never made: it protects nothing.', evidence)
  if (laterChanges === 'undefined') return fail('Something was changed after a signature that may not be.', evidence)
  if (reasons.includes('no_field')) return fail('A signature cannot be reached from the document.', evidence)
  if (indication === 'TOTAL_FAILED') return fail('A signature failed.', evidence)
  if (integrity === 'unsupported') return unsure('A signature is of a kind that cannot be checked here.', evidence)
  return pass('Signatures are intact.', evidence)
}

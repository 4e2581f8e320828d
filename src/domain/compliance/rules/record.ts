// The record around the document: metadata, retention, audit trail, the state of the system, delivery.
import { DAY_MS, HOUR_MS } from '../../../lib/durations.ts'
import { combine, fail, note, pass, unsure, type Evaluator } from '../finding.ts'
import type { CheckFacts, SignerFacts } from '../facts.ts'
import { actNotes } from './acts.ts'

/** Time in which an end that was set by calendar years may differ from one that was counted in days. */
const toleranceMs = DAY_MS

export const metadata: Evaluator = ({ envelope }) => {
  if (!envelope) return unsure('It was imported: who sent it to whom, and when, is not on record here.')
  const sent = envelope.acts.find(({ type }) => type === 'envelope.sent')
  if (!sent || envelope.signers.length === 0) return fail('It is not on record who sent it to whom.')
  const evidence = [...actNotes(sent, `sent at ${sent.at}`), note('fact', envelope.signers.length, 'recipients')]
  const received = envelope.acts.filter(({ type }) => type === 'envelope.viewed').flatMap((act) => actNotes(act, `first seen at ${act.at}`))
  if (sent.event === null) return unsure('When it was sent is not in the audit trail yet.', evidence)
  return pass('Sender, recipients and times are on record and in the audit trail.', [...evidence, ...received])
}

export const retention: Evaluator = ({ retention: kept, envelope, subject }) => {
  if (!kept) {
    if (!envelope) return unsure('Nobody decided how long it is kept; until somebody does, nothing removes it.')
    return subject.what === 'document'
      ? unsure('How long it is kept is decided when its envelope is completed.')
      : fail('Nobody decided how long it is kept.')
  }
  const evidence = [note('fact', kept.class, 'class'), note('fact', kept.endsAt ?? 'for good', 'end')]
  if (!kept.isKnownClass) return unsure('Its class of retention has no policy.', evidence)
  const isTooShort =
    kept.endsAt !== null && (kept.minimumEndsAt === null || Date.parse(kept.endsAt) + toleranceMs < Date.parse(kept.minimumEndsAt))
  if (isTooShort && !kept.isHeld) return fail('It is to be removed before the policy of its class allows.', evidence)
  return pass(kept.isHeld ? 'A legal hold keeps it.' : 'It is kept for as long as the policy of its class asks.', evidence)
}

export const chain: Evaluator = ({ trail, envelope }) => {
  const evidence = [
    ...(trail.first ? [note('audit_event', trail.first.event, `first entry, number ${trail.first.sequence}`)] : []),
    ...(trail.last ? [note('audit_event', trail.last.event, `last entry, number ${trail.last.sequence}`)] : []),
    note('fact', trail.entries, 'entries that were followed'),
    ...(trail.checkpointed === null ? [] : [note('fact', trail.checkpointed, 'a signed checkpoint agrees up to this entry')]),
  ]
  if (envelope && envelope.actsFault !== null)
    return fail('The acts are broken, or the envelope says something else than they do.', [
      note('act', envelope.actsFault, 'where and how'),
      ...evidence,
    ])
  switch (trail.state) {
    case 'broken':
      return fail('The audit trail is broken.', [note('fact', trail.detail ?? 'unknown', 'where and how'), ...evidence])
    case 'archived':
      return unsure('A part of the audit trail lies in an archive.', evidence)
    case 'behind':
      return unsure('The audit trail has not caught up with what happened (log not drained).', evidence)
    case 'none':
      return unsure('The audit trail says nothing of it.', evidence)
    case 'unreachable':
      return unsure('The audit trail could not be followed to its end.', evidence)
    case 'whole':
      return pass('The audit trail is whole from the beginning to now.', evidence)
  }
}

export const system: Evaluator = ({ system: { sweep, look, software }, evaluatedAt }, { policy }) => {
  const own = note('fact', software, 'software that checks')
  if (look && look.outcome !== 'intact') return fail(`A sweep found its bytes ${look.outcome}.`, [note('fact', look.at, 'looked at'), own])
  if (!sweep) return unsure('No integrity sweep is on record.', [own])
  const evidence = [
    note('fact', sweep.id, `sweep that ended at ${sweep.endedAt}: ${sweep.objects} objects, ${sweep.failed} with faults`),
    note('fact', `${sweep.clockOffsetMs} ms`, 'offset of the clock'),
    own,
  ]
  if (Math.abs(sweep.clockOffsetMs) >= policy.clockOffsetMaxMs.value) return fail('The clock is off by too much.', evidence)
  if (sweep.failed > 0)
    return unsure('The newest sweep found faults in other objects: somebody must see whether they touch this one.', evidence)
  const ageMs = Date.parse(evaluatedAt) - Date.parse(sweep.endedAt)
  if (ageMs > policy.sweepMaxAgeHours.value * HOUR_MS) return unsure('The newest integrity sweep is too old.', evidence)
  return pass('The store was swept lately without a fault, and the clock is right.', evidence)
}

export const affidavit: Evaluator = ({ hasResponsiblePerson }) =>
  hasResponsiblePerson
    ? pass('A person in control of the system is named; the evidence bundle is their pack.', [
        note('setting', 'RESPONSIBLE_PERSON', 'is set'),
      ])
    : unsure('Nobody is named who could swear to the system.', [note('setting', 'RESPONSIBLE_PERSON', 'is not set')])

export const dispatch: Evaluator = ({ envelope }) => {
  if (!envelope) return unsure('It was imported: how it was delivered is not on record here.')
  return combine(
    envelope.signers.map((signer) => deliveryOf(envelope, signer)),
    'It has no recipient.',
  )
}

function deliveryOf({ acts }: NonNullable<CheckFacts['envelope']>, { number, requests }: SignerFacts) {
  const viewed = acts.find(({ type, signer }) => type === 'envelope.viewed' && signer === number)
  const evidence = viewed ? actNotes(viewed, 'first retrieved') : []
  const sent = note('fact', requests.sent, `mails to signer ${number} that a mail server took`)
  if (requests.sent > 0 && viewed)
    return pass('Each request was handed over and retrieved. Places of business are not on record.', [sent, ...evidence])
  if (viewed && requests.failed > 0 && requests.unknown === 0)
    return fail(`Signer ${number} retrieved it, and no delivery to them is on record.`, [sent, ...evidence])
  return unsure(`Whether the request reached signer ${number} is not known.`, [sent, ...evidence])
}

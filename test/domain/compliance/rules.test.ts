// Every rule, by the columns of the design: what makes it pass, fail, open or not applicable.
import { expect, it } from 'vitest'
import type { RuleResult } from '../../../src/contracts/compliance.ts'
import { ruleIds, type RuleId } from '../../../src/contracts/rule-set.ts'
import { evaluateRules } from '../../../src/domain/compliance/evaluate.ts'
import { evaluators } from '../../../src/domain/compliance/rules/evaluators.ts'
import type { CheckFacts } from '../../../src/domain/compliance/facts.ts'
import {
  certificate,
  changing,
  envelope,
  envelopeFacts,
  examination,
  importedFacts,
  ruleSet,
  seal,
  selfIssued,
  sha,
  signature,
  without,
  type CertificateChange,
} from '../../support/compliance.ts'

/** Its place is in the file, its value is not. */
const neverMade = { integrity: 'unsupported', indication: 'TOTAL_FAILED', laterChanges: 'undefined', reasons: ['empty'] } as const

type Row = [what: string, facts: CheckFacts, result: RuleResult]

const made = envelopeFacts
const imported = importedFacts
const held = (change: CertificateChange, more: Parameters<typeof signature>[0] = {}) =>
  imported({ signatures: [signature({ certificate: certificate(change), ...more })] })
const signed = (...signatures: NonNullable<Parameters<typeof signature>[0]>[]) =>
  imported({ signatures: signatures.map((change, index) => signature({ index, ...change })) })
const examined = (change: Parameters<typeof examination>[0]) => made({ examination: examination(change) })
const kept = (change: Partial<NonNullable<CheckFacts['retention']>>) => {
  const facts = made()
  return { ...facts, retention: facts.retention && { ...facts.retention, ...change } }
}
const swept = (change: Partial<NonNullable<CheckFacts['system']['sweep']>>) => {
  const facts = made()
  return { ...facts, system: { ...facts.system, sweep: facts.system.sweep && { ...facts.system.sweep, ...change } } }
}
const trail = (change: Partial<CheckFacts['trail']>) => ({ ...made(), trail: { ...made().trail, ...change } })
const refused = { state: 'refused', reason: 'damaged', isEncrypted: false } as const
const encrypted = { state: 'refused', reason: 'encrypted', isEncrypted: true } as const
const gone = { state: 'missing', recordedSha256: sha('b'), sha256: null } as const
const away = { state: 'unreachable', recordedSha256: sha('b'), sha256: null } as const
const altered = { state: 'stored', recordedSha256: sha('b'), sha256: sha('0') } as const
const hit = { page: 1, kind: 'will', phrase: 'last will and testament' }
const ink = { page: 3, phrase: 'original ink' }
const text = (change: Partial<CheckFacts['text']>): CheckFacts['text'] => ({ isRead: true, inkClauses: [], kindHints: [], ...change })
const unread = text({ isRead: false })
/** An envelope that is not completed; its document is looked at. */
const standing = (status: string) =>
  made({ envelope: envelope({ status }), subject: { ...made().subject, what: 'document' }, signatures: [] })
const disputed = (name: keyof CheckFacts['declarations'], said: string, asked: string) =>
  made({
    declarations: { documentKind: 'lease', [name]: said },
    contradictions: [{ name, envelope: JSON.stringify(said), request: JSON.stringify(asked) }],
  })
const requests = (sent: number, failed: number, unknown: number) =>
  made({ envelope: envelope({ signers: [{ number: 1, status: 'signed', requests: { sent, failed, unknown } }] }) })

const rows: { [Id in RuleId]: Row[] } = {
  'ETA-16-EXCLUDED': [
    ['an allowed kind', made({ declarations: { documentKind: 'lease' } }), 'PASS'],
    ['what an envelope counts as by default', made(), 'PASS'],
    ['a will', made({ declarations: { documentKind: 'will' } }), 'FAIL'],
    ['a sale of land', made({ declarations: { documentKind: 'sale_of_land' } }), 'FAIL'],
    ['no kind', imported(), 'INDETERMINATE'],
    ['a hint against the declaration', made({ text: text({ kindHints: [hit] }) }), 'INDETERMINATE'],
    ['a kind on no list', made({ declarations: { documentKind: 'bill_of_exchange' } }), 'INDETERMINATE'],
    ['the default kind of what could not be read', made({ text: unread }), 'INDETERMINATE'],
    ['a declared kind of what could not be read', made({ text: unread, documentKindFrom: 'declared' }), 'PASS'],
    ['two allowed kinds', disputed('documentKind', 'lease', 'agreement'), 'INDETERMINATE'],
    ['a lease that the request calls a will', disputed('documentKind', 'lease', 'will'), 'FAIL'],
    ['a will that the request calls a lease', disputed('documentKind', 'will', 'lease'), 'FAIL'],
    ['an excluded kind with a hint', made({ declarations: { documentKind: 'will' }, text: text({ kindHints: [hit] }) }), 'FAIL'],
  ],
  'ETA-17-CONSENT': [
    ['consent before the act', made(), 'PASS'],
    ['no consent', made({ envelope: without(envelope(), 'envelope.consented') }), 'FAIL'],
    ['consent after the act', made({ envelope: changing(envelope(), 'envelope.consented', { sequence: 12 }) }), 'FAIL'],
    ['somebody else’s consent', made({ envelope: changing(envelope(), 'envelope.consented', { signer: 2 }) }), 'FAIL'],
    ['a public body that offers nothing else', made({ declarations: { publicBody: true, alternativeOffered: false } }), 'FAIL'],
    ['a public body that does not say', made({ declarations: { publicBody: true } }), 'INDETERMINATE'],
    ['a public body that offers paper', made({ declarations: { publicBody: true, alternativeOffered: true } }), 'PASS'],
    [
      'consent to a text that is not on record',
      made({ envelope: changing(envelope(), 'envelope.consented', { facts: {} }) }),
      'INDETERMINATE',
    ],
    ['nobody signed', made({ envelope: without(envelope(), 'envelope.signed') }), 'INDETERMINATE'],
    ['an imported file', imported(), 'INDETERMINATE'],
  ],
  'ETA-17-READABLE': [
    ['pages', made(), 'PASS'],
    ['no page', examined({ pages: 0 }), 'FAIL'],
    ['a damaged file', made({ examination: refused }), 'FAIL'],
    ['a file that kills its examiner', made({ examination: { state: 'refused', reason: 'crashed', isEncrypted: false } }), 'FAIL'],
    ['a quarantined document', { ...made(), document: { ...made().document, status: 'quarantined' } }, 'FAIL'],
    ['a password', made({ examination: encrypted }), 'INDETERMINATE'],
    ['encryption', examined({ isEncrypted: true }), 'INDETERMINATE'],
    ['no bytes', made({ examination: { state: 'none' }, subject: { ...gone, what: 'sealed' } }), 'FAIL'],
    ['a store that is away', made({ examination: { state: 'none' }, subject: { ...away, what: 'sealed' } }), 'INDETERMINATE'],
  ],
  'ETA-19-ACCESS': [
    ['stored and self-contained', made(), 'PASS'],
    ['fonts that are not embedded', examined({ fonts: { embedded: 0, notEmbedded: ['Comic'] } }), 'PASS'],
    ['deleted', made({ subject: { ...gone, what: 'sealed' } }), 'FAIL'],
    ['purged', made({ envelope: envelope({ isPurged: true, isOpen: false }) }), 'FAIL'],
    ['a key that is gone', made({ envelope: envelope({ isOpen: false }) }), 'FAIL'],
    ['its time is over', kept({ endsAt: '2026-11-20T11:59:59.000Z' }), 'FAIL'],
    ['its time is over but a hold keeps it', kept({ endsAt: '2026-11-20T11:59:59.000Z', isHeld: true }), 'PASS'],
    ['content from outside', examined({ external: [{ kind: 'stream', object: '5 0' }] }), 'FAIL'],
    ['a link to another file', examined({ external: [{ kind: 'goto', object: '5 0' }] }), 'PASS'],
    ['looked at in part', examined({ state: 'partial', reason: 'time' }), 'INDETERMINATE'],
    ['a store that is away', made({ subject: { ...away, what: 'sealed' } }), 'INDETERMINATE'],
    ['nothing could be looked at', made({ examination: encrypted }), 'INDETERMINATE'],
  ],
  'ETA-21-INTEGRITY': [
    ['equal hashes', made(), 'PASS'],
    ['a permitted increment', signed({ laterChanges: 'form_fill' }), 'PASS'],
    ['another hash', made({ subject: { ...altered, what: 'sealed' } }), 'FAIL'],
    ['another hash of an imported file', imported({ subject: { ...altered, what: 'document' }, signatures: [] }), 'FAIL'],
    ['an altered signature', signed({ integrity: 'altered', indication: 'TOTAL_FAILED' }), 'FAIL'],
    ['an undefined change', signed({ laterChanges: 'undefined' }), 'FAIL'],
    ['a signature with a faulty range', signed({ coverage: 'faulty' }), 'FAIL'],
    ['a signature on no field', signed({ reasons: ['no_field'] }), 'FAIL'],
    ['one altered among intact ones', signed({}, { integrity: 'altered' }), 'FAIL'],
    ['a sealed copy without its seal', made({ signatures: [] }), 'FAIL'],
    ['a signature of an unknown kind', signed({ integrity: 'unsupported' }), 'INDETERMINATE'],
    ['a signature that was never made', signed(neverMade), 'INDETERMINATE'],
    ['one that was never made, with a faulty range', signed({ ...neverMade, coverage: 'faulty' }), 'FAIL'],
    ['an envelope that is being signed', standing('partially_signed'), 'INDETERMINATE'],
    ['an envelope that is being sealed', standing('sealing'), 'INDETERMINATE'],
    ['an envelope that could not be sealed', standing('seal_failed'), 'FAIL'],
    ['an envelope that was declined', standing('declined'), 'INDETERMINATE'],
    ['an envelope that was canceled', standing('canceled'), 'INDETERMINATE'],
    ['an envelope that expired', standing('expired'), 'INDETERMINATE'],
    ['a completed envelope without a sealed copy', standing('completed'), 'FAIL'],
    ['no final form on record', imported({ signatures: [] }), 'INDETERMINATE'],
    ['deleted', made({ subject: { ...gone, what: 'sealed' } }), 'FAIL'],
    ['a store that is away', made({ subject: { ...away, what: 'sealed' } }), 'INDETERMINATE'],
  ],
  'ETA-21-DISPLAY': [
    ['all drawn', made(), 'PASS'],
    ['a page that cannot be drawn', examined({ rendering: { pages: 2, failedPages: [2], isCapped: false, changedPages: [] } }), 'FAIL'],
    ['a page that changed', examined({ rendering: { pages: 2, failedPages: [], isCapped: false, changedPages: [1] } }), 'FAIL'],
    ['a script', examined({ active: [{ kind: 'javascript', object: '7 0' }] }), 'INDETERMINATE'],
    ['a hidden layer', examined({ layers: { total: 2, hiddenByDefault: 1 } }), 'INDETERMINATE'],
    ['layers that are all shown to begin with', examined({ layers: { total: 1, hiddenByDefault: 0 } }), 'INDETERMINATE'],
    ['something over the page', examined({ overlays: [{ page: 1, object: '8 0', why: 'covers the page' }] }), 'INDETERMINATE'],
    [
      'more pages than are drawn',
      examined({ rendering: { pages: 200, failedPages: [], isCapped: true, changedPages: [] } }),
      'INDETERMINATE',
    ],
    ['a password', made({ examination: encrypted }), 'INDETERMINATE'],
    ['a damaged file', made({ examination: refused }), 'FAIL'],
    ['no bytes', made({ examination: { state: 'none' } }), 'INDETERMINATE'],
  ],
  'ETA-22-PRODUCE': [
    ['a bundle that verifies', made(), 'PASS'],
    ['a bundle that does not', made({ bundle: { state: 'failed', detail: 'acts.json', files: 9 } }), 'FAIL'],
    ['an envelope that is being signed', standing('sent'), 'INDETERMINATE'],
    ['an envelope that could not be sealed', standing('seal_failed'), 'FAIL'],
    ['an envelope that was canceled', standing('canceled'), 'INDETERMINATE'],
    ['no bundle', made({ bundle: { state: 'skipped', detail: 'too large', files: 0 } }), 'INDETERMINATE'],
  ],
  'ETA-23-COPIES': [
    ['asked for', made({ declarations: { certifiedCopies: 2 } }), 'INDETERMINATE'],
    ['none asked for', made({ declarations: { certifiedCopies: 0 } }), 'NOT_APPLICABLE'],
    ['nothing said', made(), 'NOT_APPLICABLE'],
  ],
  'ETA-24-FORMAT': [
    ['the original is kept', made(), 'PASS'],
    ['the original is gone', made({ original: gone }), 'FAIL'],
    ['the original was changed', made({ original: altered }), 'FAIL'],
    ['a store that is away', made({ original: away }), 'INDETERMINATE'],
  ],
  'ETA-24-META': [
    ['sender, recipients, times', made(), 'PASS'],
    ['nothing was sent', made({ envelope: without(envelope(), 'envelope.sent') }), 'FAIL'],
    ['no recipient', made({ envelope: envelope({ signers: [] }) }), 'FAIL'],
    ['not in the trail', made({ envelope: changing(envelope(), 'envelope.sent', { event: null }) }), 'INDETERMINATE'],
    ['an imported file', imported(), 'INDETERMINATE'],
  ],
  'ETA-24-RETENTION': [
    ['a class and long enough', made(), 'PASS'],
    ['for good', kept({ class: 'permanent', endsAt: null, minimumEndsAt: null }), 'PASS'],
    ['no class', made({ retention: null }), 'FAIL'],
    ['an imported file without a class', imported({ retention: null }), 'INDETERMINATE'],
    ['too short', kept({ endsAt: '2028-01-01T00:00:00.000Z' }), 'FAIL'],
    ['an end where there should be none', kept({ class: 'permanent', minimumEndsAt: null }), 'FAIL'],
    ['too short under a hold', kept({ endsAt: '2028-01-01T00:00:00.000Z', isHeld: true }), 'PASS'],
    ['a class without a policy', kept({ isKnownClass: false }), 'INDETERMINATE'],
    [
      'an envelope that is not completed',
      made({ retention: null, subject: { ...made().subject, what: 'document' }, envelope: envelope({ status: 'sent' }) }),
      'INDETERMINATE',
    ],
  ],
  'ETA-25-CHAIN': [
    ['whole', made(), 'PASS'],
    ['a break', trail({ state: 'broken', detail: 'entry 7 is edited' }), 'FAIL'],
    ['acts that do not verify', made({ envelope: envelope({ actsFault: '4: edited' }) }), 'FAIL'],
    ['a part in an archive', trail({ state: 'archived' }), 'INDETERMINATE'],
    ['not drained', trail({ state: 'behind' }), 'INDETERMINATE'],
    ['nothing there', trail({ state: 'none', first: null, last: null }), 'INDETERMINATE'],
    ['too long to follow', trail({ state: 'unreachable' }), 'INDETERMINATE'],
  ],
  'ETA-25-SYSTEM': [
    ['a fresh sweep', made(), 'PASS'],
    ['a clock that is off', swept({ clockOffsetMs: -2_000 }), 'FAIL'],
    ['a clock that is nearly off', swept({ clockOffsetMs: 1_999 }), 'PASS'],
    ['faults in this object', { ...made(), system: { ...made().system, look: { at: 'now', outcome: 'altered' } } }, 'FAIL'],
    ['faults in others', swept({ failed: 1 }), 'INDETERMINATE'],
    ['an old sweep', swept({ endedAt: '2026-11-19T10:59:59.000Z' }), 'INDETERMINATE'],
    ['none', made({ system: { software: 's', sweep: null, look: null } }), 'INDETERMINATE'],
    ['no look at this object yet', { ...made(), system: { ...made().system, look: null } }, 'PASS'],
  ],
  'ETA-25-ORIGINATOR': [
    ['a code to an address', made(), 'PASS'],
    ['no code', made({ envelope: without(envelope(), 'envelope.verified') }), 'FAIL'],
    [
      'another verification signed',
      made({ envelope: changing(envelope(), 'envelope.verified', { facts: { verificationId: 'ver_9', channel: 'sms' } }) }),
      'FAIL',
    ],
    ['evidence that was erased', made({ envelope: changing(envelope(), 'envelope.verified', { isErased: true }) }), 'INDETERMINATE'],
    ['a certificate', imported(), 'PASS'],
    ['a certificate that vouches for itself', imported({ signatures: [selfIssued()] }), 'INDETERMINATE'],
    ['no certificate', signed({ certificate: null }), 'FAIL'],
    ['no signature', imported({ signatures: [] }), 'INDETERMINATE'],
  ],
  'ETA-25-AFFIDAVIT': [
    ['somebody is named', made(), 'PASS'],
    ['nobody is named', made({ hasResponsiblePerson: false }), 'INDETERMINATE'],
  ],
  'ETA-29-DISPATCH': [
    ['sent and retrieved', made(), 'PASS'],
    ['retrieved, but no delivery', requests(0, 1, 0), 'FAIL'],
    ['unknown', requests(0, 0, 1), 'INDETERMINATE'],
    ['sent and never seen', made({ envelope: without(envelope(), 'envelope.viewed') }), 'INDETERMINATE'],
    ['an imported file', imported(), 'INDETERMINATE'],
  ],
  'ETA-33-REVIEW': [
    ['reviewed', made(), 'PASS'],
    ['not reviewed', made({ envelope: without(envelope(), 'envelope.reviewed') }), 'FAIL'],
    ['an imported file', imported(), 'INDETERMINATE'],
  ],
  'ETA-1-ACT': [
    ['typed under a statement', made(), 'PASS'],
    ['no method', made({ envelope: changing(envelope(), 'envelope.signed', { facts: { intentSha256: sha('d') } }) }), 'FAIL'],
    [
      'a scripted act',
      made({ envelope: changing(envelope(), 'envelope.signed', { facts: { method: 'scripted', intentSha256: sha('d') } }) }),
      'FAIL',
    ],
    ['no statement of intent', made({ envelope: changing(envelope(), 'envelope.signed', { facts: { method: 'typed' } }) }), 'FAIL'],
    ['an imported file', imported(), 'INDETERMINATE'],
  ],
  'ETA-20-CLASS': [
    ['basic, as the parties agreed', made(), 'PASS'],
    ['basic, where a law names no type', made({ requiredClass: 'law_unspecified' }), 'FAIL'],
    ['basic, where a law asks for recognised', made({ requiredClass: 'law_recognised' }), 'FAIL'],
    ['an envelope that was declined', standing('declined'), 'FAIL'],
    ['an envelope that was canceled', standing('canceled'), 'FAIL'],
    ['an envelope that expired', standing('expired'), 'FAIL'],
    ['unknown', imported(), 'INDETERMINATE'],
    ['an unsigned file', imported({ requiredClass: 'party_agreed', signatures: [] }), 'FAIL'],
    [
      'advanced, where a law names no type',
      { ...signed({ path: { end: 'self', anchorSha256: null } }), requiredClass: 'law_unspecified' },
      'FAIL',
    ],
    [
      'everything but revocation is known',
      imported({ requiredClass: 'law_recognised', declarations: { value: { currency: 'NAD', amount: 1 } } }),
      'INDETERMINATE',
    ],
    [
      'one of two did not sign',
      made({
        envelope: envelope({
          signers: [...envelope().signers, { number: 2, status: 'invited', requests: { sent: 1, failed: 0, unknown: 0 } }],
        }),
      }),
      'FAIL',
    ],
    ['signed in 2025', signed({ signedAt: '2025-03-01T10:00:00.000Z' }), 'NOT_IN_FORCE'],
    [
      'signed at an unknown time',
      { ...signed({ signedAt: null, timeSource: 'none', timestamp: null }), requiredClass: 'party_agreed' },
      'INDETERMINATE',
    ],
  ],
  'ETA-20-CONTRARY': [
    ['nobody wants ink', made({ declarations: { contraryIntention: 'none' }, text: text({ inkClauses: [ink] }) }), 'PASS'],
    ['nothing said and nothing found', made(), 'PASS'],
    ['ink is wanted', made({ declarations: { contraryIntention: 'ink_required' } }), 'FAIL'],
    ['ink by the envelope, none by the request', disputed('contraryIntention', 'ink_required', 'none'), 'FAIL'],
    ['none by the envelope, ink by the request', disputed('contraryIntention', 'none', 'ink_required'), 'FAIL'],
    ['a clause and nothing said', made({ text: text({ inkClauses: [ink] }) }), 'INDETERMINATE'],
    ['no text and nothing said', made({ text: text({ isRead: false }) }), 'INDETERMINATE'],
    ['signed in 2025', signed({ signedAt: '2025-03-01T10:00:00.000Z' }), 'NOT_IN_FORCE'],
  ],
  'SIG-COVERAGE': [
    ['exact', made(), 'PASS'],
    ['a wider gap', signed({ coverage: 'faulty', coverageReason: 'leaves out other bytes' }), 'FAIL'],
    ['on no field', signed({ reasons: ['no_field'] }), 'FAIL'],
    ['not looked at', signed({ isExamined: false }), 'INDETERMINATE'],
    ['no signature', imported({ signatures: [] }), 'NOT_APPLICABLE'],
    ['a time-stamp with a wider gap', signed({}, { role: 'timestamp', coverage: 'faulty' }), 'FAIL'],
  ],
  'SIG-INTACT': [
    ['intact', made(), 'PASS'],
    ['altered', signed({ integrity: 'altered' }), 'FAIL'],
    ['unknown', signed({ integrity: 'unsupported' }), 'INDETERMINATE'],
    ['the seal is altered', made({ signatures: [seal({ integrity: 'altered' })] }), 'FAIL'],
    ['no signature', imported({ signatures: [] }), 'NOT_APPLICABLE'],
  ],
  'SIG-CHANGES': [
    ['none', made(), 'PASS'],
    ['validation data', signed({ laterChanges: 'validation' }), 'PASS'],
    ['a permitted form', signed({ laterChanges: 'form_fill' }), 'PASS'],
    ['undefined', signed({ laterChanges: 'undefined' }), 'FAIL'],
    ['undefined, after one that was never made', signed(neverMade), 'INDETERMINATE'],
    ['remarks', signed({ laterChanges: 'annotation' }), 'INDETERMINATE'],
    [
      'remarks over the page',
      { ...signed({ laterChanges: 'annotation' }), examination: examination({ overlays: [{ page: 1, object: '9 0', why: 'covers' }] }) },
      'FAIL',
    ],
    ['no signature', imported({ signatures: [] }), 'NOT_APPLICABLE'],
  ],
  'SIG-ALG': [
    ['RSA 3072', imported(), 'PASS'],
    ['RSA 2048', signed({ key: { kind: 'rsa', bits: 2_048, curve: null } }), 'PASS'],
    ['P-256 by its other name', signed({ key: { kind: 'ec', bits: 256, curve: 'prime256v1' } }), 'PASS'],
    ['Ed25519', signed({ key: { kind: 'ed25519', bits: null, curve: null } }), 'PASS'],
    ['RSA 1024', signed({ key: { kind: 'rsa', bits: 1_024, curve: null } }), 'FAIL'],
    ['SHA-1', signed({ digest: 'SHA-1', isWeakDigest: true }), 'FAIL'],
    ['SHA-224', signed({ digest: 'SHA-224' }), 'FAIL'],
    ['an unknown curve', signed({ key: { kind: 'ec', bits: 192, curve: 'secp192k1' } }), 'FAIL'],
    ['a key of another kind', signed({ key: { kind: 'other', bits: null, curve: null } }), 'FAIL'],
    [
      'SHA-1 with an old time-stamp',
      signed({ isWeakDigest: true, timestamp: { at: '2011-05-01T00:00:00.000Z', integrity: 'intact' } }),
      'INDETERMINATE',
    ],
    ['nothing known', signed({ digest: null, key: null }), 'INDETERMINATE'],
    ['a time-stamp’s own algorithms', imported({ signatures: [signature({ role: 'timestamp', isWeakDigest: true })] }), 'NOT_APPLICABLE'],
  ],
  'AES-A-UNIQUE': [
    ['bound', imported(), 'PASS'],
    ['another certificate', signed({ certificateReference: 'mismatched' }), 'FAIL'],
    ['a key that is shared', signed({ isPlatformKey: true }), 'FAIL'],
    ['a key for something else', held({ keyUsage: ['keyEncipherment'] }), 'FAIL'],
    ['no reference', signed({ certificateReference: 'absent' }), 'INDETERMINATE'],
    ['only the platform’s seal', made(), 'NOT_APPLICABLE'],
  ],
  'AES-B-IDENTIFY': [
    ['name and identifier', imported(), 'PASS'],
    ['the invited signer', made({ signatures: [seal(), signature({ index: 1, holder: 'matches' })] }), 'PASS'],
    ['somebody else', signed({ holder: 'differs' }), 'FAIL'],
    ['name only', held({ hasIdentifier: false }), 'INDETERMINATE'],
    ['the invited signer’s name only', signed({ holder: 'name_only' }), 'INDETERMINATE'],
    ['a pseudonym', held({ isPseudonym: true }), 'INDETERMINATE'],
    ['no certificate', signed({ certificate: null }), 'INDETERMINATE'],
    ['only the platform’s seal', made(), 'NOT_APPLICABLE'],
  ],
  'AES-C-CONTROL': [
    ['an activation on record', imported(), 'PASS'],
    ['the platform’s key in a file', signed({ isPlatformKey: true }), 'FAIL'],
    ['only the platform’s seal', made(), 'FAIL'],
    ['no evidence', signed({ activation: null }), 'INDETERMINATE'],
    ['no signature', imported({ signatures: [] }), 'NOT_APPLICABLE'],
  ],
  'AES-D-LINK': [
    ['all pass', made(), 'PASS'],
    ['coverage fails', signed({ coverage: 'faulty' }), 'FAIL'],
    ['altered', signed({ integrity: 'altered' }), 'FAIL'],
    ['changed', signed({ laterChanges: 'undefined' }), 'FAIL'],
    ['one is open', signed({ integrity: 'unsupported' }), 'INDETERMINATE'],
    ['no signature', imported({ signatures: [] }), 'NOT_APPLICABLE'],
  ],
  'AES-FACTORS': [
    ['three', signed({ factors: ['knowledge', 'possession', 'inherence'] }), 'PASS'],
    ['one', signed({ factors: ['possession'] }), 'FAIL'],
    ['one, twice', signed({ factors: ['possession', 'possession'] }), 'FAIL'],
    ['two', signed({ factors: ['knowledge', 'possession'] }), 'INDETERMINATE'],
    ['unknown', imported(), 'INDETERMINATE'],
    ['a one-time code', made(), 'FAIL'],
    ['signed in 2025', signed({ signedAt: '2025-03-01T10:00:00.000Z' }), 'NOT_IN_FORCE'],
    ['no signature', imported({ signatures: [] }), 'NOT_APPLICABLE'],
  ],
  'AES-F2F': [
    ['face to face', imported(), 'PASS'],
    ['remote', signed({ provider: provider('remote') }), 'FAIL'],
    ['unknown', signed({ provider: provider('unknown') }), 'INDETERMINATE'],
    ['no provider', signed({ provider: null }), 'INDETERMINATE'],
    ['no signature', imported({ signatures: [] }), 'NOT_APPLICABLE'],
  ],
  'RES-CHAIN': [
    ['a listed provider', imported(), 'PASS'],
    ['itself', imported({ signatures: [selfIssued()] }), 'FAIL'],
    ['itself, without a list', imported({ signatures: [selfIssued()], trustList: null }), 'FAIL'],
    ['an untrusted root', signed({ path: { end: 'other', anchorSha256: null } }), 'FAIL'],
    ['no list', { ...signed({ path: { end: 'other', anchorSha256: null } }), trustList: null }, 'INDETERMINATE'],
    ['a stale list', { ...imported(), trustList: { version: 'old', isStale: true } }, 'INDETERMINATE'],
    ['not valid then', held({ notAfter: '2026-10-01T00:00:00.000Z' }), 'FAIL'],
    ['signed in 2025', signed({ signedAt: '2025-03-01T10:00:00.000Z' }), 'NOT_IN_FORCE'],
    ['only the platform’s seal', made(), 'NOT_APPLICABLE'],
  ],
  'RES-ACCREDITED': [
    ['throughout', imported(), 'PASS'],
    ['suspended then', signed({ provider: provider('face_to_face', 'suspended') }), 'FAIL'],
    ['revoked then', signed({ provider: provider('face_to_face', 'revoked') }), 'FAIL'],
    ['no entry for the time of issue', held({ notBefore: '2026-01-01T00:00:00.000Z' }), 'INDETERMINATE'],
    ['no provider', signed({ provider: null }), 'INDETERMINATE'],
    ['no list', { ...imported(), trustList: null }, 'INDETERMINATE'],
    ['only the platform’s seal', made(), 'NOT_APPLICABLE'],
  ],
  'RES-CONTENT': [
    ['everything', imported(), 'PASS'],
    ['no subject', held({ hasName: false }), 'FAIL'],
    ['no serial number', held({ serialNumber: '' }), 'FAIL'],
    ['no issuer', held({ hasIssuer: false }), 'FAIL'],
    ['no key', signed({ key: null }), 'FAIL'],
    ['no certificate', signed({ certificate: null }), 'FAIL'],
    ['no registry code', held({ hasRegistryCode: false }), 'INDETERMINATE'],
    ['no qualifying mark', held({ qualifying: false }), 'INDETERMINATE'],
    ['only the platform’s seal', made(), 'NOT_APPLICABLE'],
  ],
  'RES-KEYUSE': [
    ['signing only', imported(), 'PASS'],
    ['signing and enciphering', held({ keyUsage: ['digitalSignature', 'keyEncipherment'] }), 'FAIL'],
    ['data enciphering', held({ keyUsage: ['dataEncipherment'] }), 'FAIL'],
    ['no extension', held({ keyUsage: null }), 'INDETERMINATE'],
    ['certificates as well', held({ keyUsage: ['digitalSignature', 'keyCertSign'] }), 'INDETERMINATE'],
    ['only the platform’s seal', made(), 'NOT_APPLICABLE'],
  ],
  'RES-REVOCATION': [
    ['always offline', imported(), 'INDETERMINATE'],
    ['only the platform’s seal', made(), 'NOT_APPLICABLE'],
    ['signed in 2025', signed({ signedAt: '2025-03-01T10:00:00.000Z' }), 'NOT_IN_FORCE'],
  ],
  'RES-LIMITS': [
    ['within', imported({ declarations: { value: { currency: 'NAD', amount: 10_000 } } }), 'PASS'],
    ['over', imported({ declarations: { value: { currency: 'NAD', amount: 10_001 } } }), 'FAIL'],
    ['another currency', imported({ declarations: { value: { currency: 'USD', amount: 1 } } }), 'INDETERMINATE'],
    ['no value', imported(), 'INDETERMINATE'],
    ['no limit', { ...held({ relianceLimit: null }), declarations: { value: { currency: 'NAD', amount: 1 } } }, 'INDETERMINATE'],
    ['only the platform’s seal', made(), 'NOT_APPLICABLE'],
  ],
  'RES-FOREIGN': [
    ['of this country', imported(), 'PASS'],
    ['equivalent by the list', signed({ provider: { ...provider('unknown'), country: 'ZA', isEquivalentForeign: true } }), 'PASS'],
    [
      'agreed',
      { ...signed({ provider: null, certificate: certificate({ country: 'DE' }) }), declarations: { foreignSignatures: 'agreed' } },
      'PASS',
    ],
    [
      'excluded',
      { ...signed({ provider: null, certificate: certificate({ country: 'DE' }) }), declarations: { foreignSignatures: 'excluded' } },
      'FAIL',
    ],
    ['on no list', signed({ provider: null, certificate: certificate({ country: 'DE' }) }), 'INDETERMINATE'],
    ['only the platform’s seal', made(), 'NOT_APPLICABLE'],
  ],
  'SIG-TIME': [
    ['our receipt', made(), 'PASS'],
    ['a token', imported(), 'PASS'],
    [
      'a token of other data',
      signed({ timestamp: { at: '2026-11-01T10:00:00.000Z', integrity: 'altered' }, timeSource: 'claimed' }),
      'FAIL',
    ],
    ['claimed', signed({ timestamp: null, timeSource: 'claimed' }), 'INDETERMINATE'],
    ['a receipt that is not in the trail', made({ envelope: changing(envelope(), 'envelope.signed', { event: null }) }), 'INDETERMINATE'],
    ['nobody signed', made({ envelope: without(envelope(), 'envelope.signed') }), 'INDETERMINATE'],
    ['no signature', imported({ signatures: [] }), 'NOT_APPLICABLE'],
  ],
  'CON-34-INFO': [
    ['a consumer', made({ declarations: { consumer: true } }), 'NOT_IN_FORCE'],
    ['nobody said', made(), 'NOT_IN_FORCE'],
  ],
  'CON-35-COOLING': [
    ['a consumer', made({ declarations: { consumer: true } }), 'NOT_IN_FORCE'],
    ['nobody said', made(), 'NOT_IN_FORCE'],
  ],
  'CLAIM-48': [
    ['no claim', made(), 'PASS'],
    ['a claim', made({ claims: { texts: 1, hits: [{ text: 'en/x.txt', phrase: 'accredited by cran' }], hasDisclaimer: true } }), 'FAIL'],
    ['no disclaimer', made({ claims: { texts: 1, hits: [], hasDisclaimer: false } }), 'FAIL'],
    ['before section 48 was in force', made({ evaluatedAt: '2026-06-14T21:59:59.999Z' }), 'NOT_IN_FORCE'],
  ],
}

function provider(identification: 'face_to_face' | 'remote' | 'unknown', status: 'accredited' | 'suspended' | 'revoked' = 'accredited') {
  return {
    name: 'Ministry',
    country: 'NA',
    intervals: [{ fromMs: Date.parse('2026-06-15'), untilMs: null, status }],
    isEquivalentForeign: false,
    identification,
  }
}

const cases = ruleIds.flatMap((id) => rows[id].map(([what, facts, result]) => ({ id, what, facts, result })))

it.each(cases)('$id: $what: $result', ({ id, facts, result }) => {
  const outcome = evaluateRules(facts, ruleSet).find((rule) => rule.id === id)
  expect(outcome).toMatchObject({ id, result })
})

it('where envelope and request declare different things, both are in the evidence', () => {
  const outcome = evaluateRules(disputed('documentKind', 'lease', 'agreement'), ruleSet).find(({ id }) => id === 'ETA-16-EXCLUDED')
  expect(outcome?.evidence.slice(0, 2)).toEqual([
    { kind: 'fact', ref: 'documentKind: "lease"', note: 'the envelope says' },
    { kind: 'fact', ref: 'documentKind: "agreement"', note: 'the request says' },
  ])
})

it('every rule has an evaluator, and every outcome says why, what it rests on and what to do', () => {
  expect(Object.keys(evaluators)).toEqual([...ruleIds])
  for (const { facts } of cases) {
    for (const outcome of evaluateRules(facts, ruleSet)) {
      expect(outcome.reason).not.toBe('')
      expect(outcome.section).not.toBe('')
      expect(outcome.ruleHash).toMatch(/^[0-9a-f]{64}$/)
      if (outcome.result === 'FAIL' || outcome.result === 'INDETERMINATE') expect(outcome.remedy).not.toBeNull()
    }
  }
})

it('the same facts give the same outcomes, whatever the order of their members', () => {
  const facts = importedFacts()
  const shuffled = Object.fromEntries(Object.entries(facts).toReversed()) as CheckFacts
  expect(evaluateRules(shuffled, ruleSet)).toEqual(evaluateRules(facts, ruleSet))
})

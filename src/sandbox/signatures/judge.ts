// The entry: all signatures of a file, judged. A pure function of bytes, trusted certificates and time; it runs in the sandbox's child process.
// It does not throw on any input: what cannot be read is a report that says so.
import type { CertificateFacts, Signature, SignatureReason, SignatureReport, SignatureTimestamp } from '../../contracts/signature.ts'
import type { PdfLimits } from '../pdf/budget.ts'
import { PdfRefusal } from '../pdf/budget.ts'
import type { OpenedPdf } from '../pdf/open-pdf.ts'
import { openPdf } from '../pdf/open-pdf.ts'
import type { PdfDict } from '../pdf/values.ts'
import { nameOf, textOf } from '../pdf/values.ts'
import { readByteRange } from './byte-range.ts'
import type { Candidate } from './candidates.ts'
import { findSignatures } from './candidates.ts'
import type { Certificate } from './certificate.ts'
import { readCertificate, subjectName } from './certificate.ts'
import type { FormatVerdict } from './formats.ts'
import { FormatJudge } from './format-judge.ts'
import { decide } from './indication.ts'
import type { LaterChanges } from './later-changes.ts'
import { History, judgeLaterChanges } from './later-changes.ts'
import { readPdfDate } from './pdf-date.ts'
import { fingerprint } from './signed-message.ts'
import { describeToken } from './timestamp-token.ts'

/** `trustedCertificates`: DER. Without any, no signature passes: who signed stays unknown. */
export type JudgeOptions = { trustedCertificates?: readonly Buffer[]; nowMs: number; limits?: PdfLimits }
const MAX_NAME_LETTERS = 1_000

type Context = { history: History; formats: FormatJudge; trusted: readonly Certificate[]; nowMs: number }

/** Judges every signature of a PDF file. Bounded work; never throws for what the bytes hold. */
export function judgeSignatures(file: Buffer, options: JudgeOptions): SignatureReport {
  try {
    return judgeOpened(openPdf(file, options.limits), options)
  } catch (error) {
    // An error of another kind is a fault of ours. It is no verdict either, and must not look like a file without signatures.
    const [reason, why] = error instanceof PdfRefusal ? [error.reason, error.message] : ['unreadable', 'the judge failed on it']
    return { outcome: 'rejected', reason, signatures: [], findings: [{ code: reason, text: `The file is not read: ${why}.` }] }
  }
}

function judgeOpened(pdf: OpenedPdf, options: JudgeOptions): SignatureReport {
  const trusted = (options.trustedCertificates ?? []).flatMap((der) => readCertificate(der) ?? [])
  const formats = new FormatJudge(pdf.file)
  const context: Context = {
    history: new History(pdf, (dict, isVisible) => formats.isSound(dict, isVisible)),
    formats,
    trusted,
    nowMs: options.nowMs,
  }
  const { candidates, cut } = findSignatures(pdf)
  const signatures = candidates.map((candidate) => judgeCandidate(context, candidate))
  const findings = describeFile(pdf, cut)
  return { outcome: cut ? 'partial' : 'ok', ...(cut ? { reason: 'too_many_signatures' } : {}), signatures, findings }
}

function describeFile(pdf: OpenedPdf, cut: boolean): SignatureReason[] {
  const findings = [...pdf.file.leniencies].map((name) => ({ code: name, text: 'The file is not written as the standard asks.' }))
  if (pdf.current.trailer.entries.has('Encrypt'))
    findings.push({ code: 'encrypted', text: 'The file is encrypted; what is in its object streams is not read.' })
  if (pdf.chain.irregular !== undefined)
    findings.push({ code: 'irregular_revisions', text: `The file cannot be cut into revisions: ${pdf.chain.irregular}.` })
  if (pdf.trailingBytes > 0) findings.push({ code: 'trailing_bytes', text: 'After the last revision there are bytes that belong to none.' })
  if (cut) findings.push({ code: 'too_many_signatures', text: 'There are more signatures than are judged.' })
  return findings
}

function judgeCandidate(context: Context, candidate: Candidate): Signature {
  const { dict } = candidate
  const { data } = context.history.pdf.file
  const read = readByteRange(data, dict)
  const isDocumentTimestamp = nameOf(dict.entries.get('SubFilter')) === 'ETSI.RFC3161'
  if ('problem' in read) return misplaced(candidate, isDocumentTimestamp, read.problem)
  const format = context.formats.judge(dict, read.range)
  const later = judgeLater(context.history, candidate, read.range.coveredEnd)
  const isIntact = format.verdict.integrity === 'intact'
  const facts = {
    format,
    later: isIntact ? later : undefined,
    fields: candidate.fields.length,
    isDocumentTimestamp,
    trusted: context.trusted,
    nowMs: context.nowMs,
  }
  return {
    fields: candidate.fields,
    kind: isDocumentTimestamp ? 'document_timestamp' : later.permissions?.certifies === true ? 'certification' : 'approval',
    ...decide(facts),
    integrity: format.verdict.integrity,
    coversWholeFile: read.range.coveredEnd === data.length,
    laterChanges: later.kind,
    ...describeSigner(format, dict),
    algorithm: format.verdict.algorithm,
  }
}

function judgeLater(history: History, { dict, fields }: Candidate, coveredEnd: number): LaterChanges {
  try {
    const later = judgeLaterChanges(history, dict, coveredEnd)
    const isLost = fields.length === 0 && coveredEnd < history.pdf.file.data.length
    return isLost
      ? { ...later, kind: 'undefined', objections: [...later.objections, 'No form field of the present document holds this signature.'] }
      : later
  } catch (error) {
    if (!(error instanceof PdfRefusal)) throw error
    return { kind: 'undefined', objections: [`Later changes were not compared to the end: ${error.message}.`], permissions: undefined }
  }
}

// A signature whose range does not fit its place vouches for nothing: not even its mathematics is asked.
function misplaced(candidate: Candidate, isDocumentTimestamp: boolean, problem: string): Signature {
  return {
    fields: candidate.fields,
    kind: isDocumentTimestamp ? 'document_timestamp' : 'approval',
    indication: 'TOTAL_FAILED',
    subIndication: 'FORMAT_FAILURE',
    integrity: 'altered',
    coversWholeFile: false,
    laterChanges: 'undefined',
    signer: null,
    signedAt: null,
    algorithm: null,
    reasons: [{ code: 'byte_range', text: `What it signs does not fit where it stands: ${problem}.` }],
  }
}

type SignerFacts = Pick<Signature, 'signer' | 'signedAt'> & { certificate?: CertificateFacts; timestamp?: SignatureTimestamp }

function describeSigner(format: FormatVerdict, dict: PdfDict): SignerFacts {
  const { certificate, claimedAtMs } = format.verdict
  const intact = format.tokens.filter((token) => token.verdict.integrity === 'intact' && token.atMs !== undefined)
  const best = intact.toSorted((one, other) => (one.atMs ?? 0) - (other.atMs ?? 0))[0]
  const shown = best ?? format.tokens[0]
  const timestamp = shown === undefined ? undefined : describeToken(shown)
  const atMs = best?.atMs ?? claimedAtMs ?? readPdfDate(textOf(dict.entries.get('M')))
  return {
    signer: certificate === undefined ? null : subjectName(certificate),
    signedAt: atMs === undefined ? null : new Date(atMs).toISOString(),
    ...(certificate === undefined ? {} : { certificate: describeCertificate(certificate) }),
    ...(timestamp === undefined ? {} : { timestamp }),
  }
}

function describeCertificate(certificate: Certificate): CertificateFacts {
  const { x509 } = certificate
  return {
    subject: x509.subject.replaceAll('\n', ', ').slice(0, MAX_NAME_LETTERS),
    issuer: x509.issuer.replaceAll('\n', ', ').slice(0, MAX_NAME_LETTERS),
    serialNumber: x509.serialNumber.toLowerCase(),
    notBefore: new Date(certificate.notBeforeMs).toISOString(),
    notAfter: new Date(certificate.notAfterMs).toISOString(),
    selfSigned: certificate.selfIssued,
    sha256: fingerprint(certificate),
  }
}

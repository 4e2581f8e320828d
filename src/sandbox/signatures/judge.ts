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
import { findCovered, History, judgeLaterChanges } from './later-changes.ts'
import { readPdfDate } from './pdf-date.ts'
import { fingerprint } from './signed-message.ts'
import { describeToken } from './timestamp-token.ts'

/** `trustedCertificates`: DER. Without any, no signature passes: who signed stays unknown. */
export type JudgeOptions = { trustedCertificates?: readonly Buffer[]; nowMs: number; limits?: PdfLimits }
const MAX_NAME_LETTERS = 1_000

/**
 * A signature with what its verdict rests on. `coveredEnd`: offset after its last signed byte, undefined if its range does not
 * fit its place. `problem`: why what it signs is not a whole revision that holds it, if so, as a sentence.
 */
export type JudgedSignature = {
  signature: Signature
  candidate: Candidate
  coveredEnd: number | undefined
  problem: string | undefined
  format: FormatVerdict | undefined
}
/** `signatures` are in the order of the report's. */
export type JudgedFile = { report: SignatureReport; signatures: JudgedSignature[]; trusted: readonly Certificate[] }

type Context = { history: History; formats: FormatJudge; trusted: readonly Certificate[]; nowMs: number }

/** Judges every signature of a PDF file. Bounded work; never throws for what the bytes hold. */
export function judgeSignatures(file: Buffer, options: JudgeOptions): SignatureReport {
  return judgeFile(file, options).report
}

/** The same with what the verdicts rest on. */
export function judgeFile(file: Buffer, options: JudgeOptions): JudgedFile {
  const trusted = (options.trustedCertificates ?? []).flatMap((der) => readCertificate(der) ?? [])
  try {
    return judgeOpened(openPdf(file, options.limits), trusted, options.nowMs)
  } catch (error) {
    // An error of another kind is a fault of ours. It is no verdict either, and must not look like a file without signatures.
    const [reason, why] = error instanceof PdfRefusal ? [error.reason, error.message] : ['unreadable', 'the judge failed on it']
    const findings = [{ code: reason, text: `The file is not read: ${why}.` }]
    return { report: { outcome: 'rejected', reason, signatures: [], findings }, signatures: [], trusted }
  }
}

function judgeOpened(pdf: OpenedPdf, trusted: readonly Certificate[], nowMs: number): JudgedFile {
  const formats = new FormatJudge(pdf.file)
  const history = new History(pdf, (dict, isVisible) => formats.isSound(dict, isVisible))
  const context: Context = { history, formats, trusted, nowMs }
  const { candidates, cut } = findSignatures(pdf)
  const judged = candidates.map((candidate) => judgeCandidate(context, candidate))
  const signatures = judged.map(({ signature }) => signature)
  const findings = describeFile(pdf, cut)
  const outcome = cut ? ({ outcome: 'partial', reason: 'too_many_signatures' } as const) : ({ outcome: 'ok' } as const)
  return { report: { ...outcome, signatures, findings }, signatures: judged, trusted }
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

function judgeCandidate(context: Context, candidate: Candidate): JudgedSignature {
  const { dict } = candidate
  const { data } = context.history.pdf.file
  const read = candidate.isUnreadable === true ? { problem: 'the signature cannot be read' } : readByteRange(data, dict)
  const isDocumentTimestamp = nameOf(dict.entries.get('SubFilter')) === 'ETSI.RFC3161'
  if ('problem' in read) {
    const signature = misplaced(candidate, isDocumentTimestamp, read.problem)
    return { signature, candidate, coveredEnd: undefined, problem: signature.reasons[0]?.text, format: undefined }
  }
  const { coveredEnd } = read.range
  const format = context.formats.judge(dict, read.range)
  const later = judgeLater(context.history, candidate, coveredEnd)
  const isIntact = format.verdict.integrity === 'intact'
  const facts = {
    format,
    later: isIntact ? later : undefined,
    fields: candidate.fields.length,
    isDocumentTimestamp,
    trusted: context.trusted,
    nowMs: context.nowMs,
  }
  const signature: Signature = {
    fields: candidate.fields,
    kind: isDocumentTimestamp ? 'document_timestamp' : later.permissions?.certifies === true ? 'certification' : 'approval',
    ...decide(facts),
    integrity: format.verdict.integrity,
    coversWholeFile: coveredEnd === data.length,
    laterChanges: later.kind,
    ...describeSigner(format, dict),
    algorithm: format.verdict.algorithm,
  }
  return { signature, candidate, coveredEnd, problem: findCoverageProblem(context.history, candidate, coveredEnd), format }
}

function findCoverageProblem(history: History, { dict, fields }: Candidate, coveredEnd: number): string | undefined {
  if (fields.length === 0) return 'No form field of the document holds this signature.'
  if (coveredEnd === history.pdf.file.data.length) return undefined
  try {
    const covered = findCovered(history, dict, coveredEnd)
    return 'problem' in covered ? covered.problem : undefined
  } catch (error) {
    if (!(error instanceof PdfRefusal)) throw error
    return `What it covers was not read to the end: ${error.message}.`
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

// Whether a sealed copy is what it should be, by the project's own judge of signatures: the seal intact and over the whole file, every earlier
// signature as it was, and the file no worse to read than before.
import { signatureReport, type Signature, type SignatureReport } from '../../contracts/signature.ts'
import type { Inspection } from '../upload-ports.ts'
import { SealingFailed, SealingUpset } from './seal-fault.ts'

const order = ['none', 'validation', 'form_fill', 'annotation', 'undefined'] as const
/** A new signature in a field of its own. */
const expected = order.indexOf('form_fill')

/** Null for a copy that may be handed out, else why not. `before`: what was judged of the document without the seal. */
export function sealObstacle(copy: SignatureReport, before: SignatureReport, certificateSha256: string): string | null {
  const seals = copy.signatures.filter((signature) => signature.coversWholeFile && signature.certificate?.sha256 === certificateSha256)
  const [seal] = seals
  if (!seal || seals.length > 1 || seal.fields.length !== 1) return 'seal_not_found'
  if (seal.integrity !== 'intact' || seal.laterChanges !== 'none') return 'seal_not_intact'
  const known = new Set(before.findings.map(({ code }) => code))
  if (copy.findings.some(({ code }) => !known.has(code))) return 'structure'
  if (copy.signatures.length !== before.signatures.length + 1) return 'signatures_lost'
  return before.signatures.every((signature) => isKept(signature, copy.signatures)) ? null : 'earlier_signature'
}

function isKept(signature: Signature, after: readonly Signature[]): boolean {
  return after.some(
    (other) =>
      isSame(signature, other) &&
      other.integrity === signature.integrity &&
      order.indexOf(other.laterChanges) <= Math.max(expected, order.indexOf(signature.laterChanges)),
  )
}

function isSame(one: Signature, other: Signature): boolean {
  return (
    one.fields.join('\n') === other.fields.join('\n') &&
    one.certificate?.sha256 === other.certificate?.sha256 &&
    one.signedAt === other.signedAt
  )
}

/** The report that a child process gave. Throws SealingUpset when it did not survive, SealingFailed when it takes no such file. */
export function requireReport(inspection: Inspection<unknown>): SignatureReport {
  const value = requireValue(inspection)
  const parsed = signatureReport.safeParse(value)
  if (!parsed.success) throw new SealingUpset('reply')
  return parsed.data
}

/** What a child process found, wholly. Throws as `requireReport` does. */
export function requireValue<Value>(inspection: Inspection<Value>): Value {
  switch (inspection.kind) {
    case 'ok':
      return inspection.value
    case 'partial':
      throw new SealingFailed(`document_${inspection.reason}`)
    case 'rejected':
      throw new SealingFailed(`document_${inspection.reason}`)
    case 'crashed':
      throw new SealingUpset(inspection.signal)
    case 'timeout':
    case 'memory':
      throw new SealingUpset(inspection.kind)
  }
}

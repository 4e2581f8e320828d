// What other validators say of the public signed files that the judge is measured against, by file name without its ending,
// and how a report is held against that. The files themselves are never part of the project.
import type { Signature } from '../src/contracts/signature.ts'

export type Verdict =
  | 'intact'
  | 'not intact'
  | 'manipulated'
  | 'permitted changes'
  | 'no usable signature'
  | 'refused'
  | 'one of five not valid'
  | 'two fields'
  | 'copied time-stamp'
  | 'valid time-stamp'
  | 'ends'

const files: Record<Verdict, string> = {
  intact: `dss-pdf-signed-original dss-pdf-with-eof-cr dss-doc-firmado dss-doc-firmado-T dss-doc-firmado-LT dss-PAdES-LT dss-pades-ltv
    dss-timestamped_and_signed dss-dss-PLAIN-ECDSA_TeleSec_PKS_eIDAS_QES_CA_1-baseline-b pyhanko-coverage-anomalies_base
    pyhanko-extensions-direct pyhanko-ed448-shake256-nolen pyhanko-pades-lta-dss-indirect-arrs-test signpdf-signed signpdf-signed-once
    signpdf-signed-twice`,
  'not intact': `dss-pdf-signed-corrupted dss-DSS-1683 dss-dss-818_Signature-P-DE_CRY-2 pyhanko-coverage-anomalies_one-byterange
    pyhanko-coverage-anomalies_tail-uncovered`,
  manipulated: `dss-pdf-signed-added-page dss-pdf-byterange-overlap dss-pdf-spoofing-attack dss-dss-2236_hide
    pyhanko-form-update-override-appearance-stream-sneaky pyhanko-form-update-override-appearance-stream-ap-indirect-sneaky`,
  'permitted changes': `pyhanko-form-update-override-appearance-stream pyhanko-form-update-override-appearance-stream-ap-indirect
    dss-pades-signed-filled-form dss-dss-2554_certified-changes-permitted dss-dss-2554_fieldmdp-exclude`,
  'no usable signature': 'dss-BadEncodedCMS dss-pdf-with-empty-sig',
  refused: `dss-pkcs7-no-message-digest dss-pades-enveloping-cms dss-pades-bes-no-certificates dss-Signature-P-HU_NET-2 dss-siwa
    pyhanko-sig-no-signed-attrs`,
  'one of five not valid': 'dss-pades-5-signatures-and-1-document-timestamp',
  'two fields': 'dss-signature-referenced-from-multiple-fields',
  'copied time-stamp': 'dss-pades-lta-copied-doctst',
  'valid time-stamp': 'dss-pades-t-duplicated-sigtst',
  ends: 'dss-pades_infinite_loop',
}

/** The verdict of others by file name without its ending. */
export const verdicts: ReadonlyMap<string, Verdict> = new Map(
  (Object.keys(files) as Verdict[]).flatMap((verdict) => files[verdict].split(/\s+/).map((name) => [name, verdict] as const)),
)

/** Intact, with nothing later but changes of a permitted kind. */
export function isConsistent(signature: Signature): boolean {
  return signature.integrity === 'intact' && ['none', 'validation', 'form_fill'].includes(signature.laterChanges)
}

/** Whether our signatures say of a file what others say of it. */
export function agrees(verdict: Verdict, signatures: readonly Signature[]): boolean {
  const some = signatures.length > 0
  switch (verdict) {
    case 'intact':
    case 'permitted changes':
      return some && signatures.every((signature) => isConsistent(signature))
    case 'not intact':
    case 'manipulated':
      return some && !signatures.every((signature) => isConsistent(signature))
    case 'no usable signature':
    case 'refused':
      return signatures.every((signature) => signature.integrity !== 'intact')
    case 'one of five not valid':
      return signatures.filter((signature) => signature.kind !== 'document_timestamp').length === 5 && !signatures.every(isConsistent)
    case 'two fields':
      return signatures.length === 1 && signatures[0]?.fields.length === 2
    case 'copied time-stamp':
      return (
        signatures.some((signature) => signature.timestamp?.integrity === 'intact') &&
        signatures.some((signature) => signature.integrity === 'altered')
      )
    case 'valid time-stamp':
      return some && signatures.every((signature) => signature.timestamp?.integrity === 'intact')
    case 'ends':
      return !signatures.some((signature) => isConsistent(signature))
  }
}

// The task `signatures`: hands the file to the judge of signatures. What a verdict means is the judge's.
import type { InspectionReply } from '../../contracts/inspection.ts'
import type { ByteSource } from '../byte-source.ts'
import { readAll } from '../read-all.ts'
import { judgeSignatures } from '../signatures/judge.ts'

/** `nowMs`: the moment for which certificates are judged; `trustedCertificates` in base64 (DER). */
export function judge(input: ByteSource, options: unknown): InspectionReply {
  const { nowMs, trustedCertificates } = options as { nowMs: number; trustedCertificates: readonly string[] }
  const data = readAll(input)
  if (!data) return { kind: 'rejected', reason: 'too_large' }
  const trusted = trustedCertificates.map((encoded) => Buffer.from(encoded, 'base64'))
  const report = judgeSignatures(data, { nowMs, trustedCertificates: trusted })
  switch (report.outcome) {
    case 'ok':
      return { kind: 'ok', value: report }
    case 'partial':
      return { kind: 'partial', value: report, reason: report.reason ?? 'partial' }
    case 'rejected':
      return { kind: 'rejected', reason: report.reason ?? 'rejected' }
  }
}

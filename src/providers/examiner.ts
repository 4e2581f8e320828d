// The task `examine` with its limits: one child process for each file that a compliance check looks into (src/providers/inspector.ts).
import { examination } from '../contracts/examination.ts'
import type { Examiner } from '../domain/compliance-ports.ts'
import type { InspectionLimits, Inspector } from './inspector.ts'

const MIB = 1_048_576
const limits: InspectionLimits = { wallMs: 30_000, rssBytes: 512 * MIB, outputBytes: 4 * MIB, heapMiB: 320 }

/** Raise it whenever the same bytes would be examined with another result: what was examined under another one is not used again. */
const version = '2'

/** `trustedCertificates` of each call: DER in base64, the ends of paths that count as listed. */
export function createExaminer(inspector: Inspector): Examiner {
  const parse = (value: unknown) => examination.parse(value)
  return {
    examine: (path, options, signal) => inspector.inspect({ name: 'examine', options, parse }, path, limits, signal),
    version,
  }
}

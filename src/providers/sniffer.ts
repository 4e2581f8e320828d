// The sniffer of uploads: the sandbox's task `sniff` with its limits.
import { sniffResult } from '../contracts/inspection.ts'
import type { Sniffer } from '../domain/upload-ports.ts'
import type { InspectionLimits, Inspector } from './inspector.ts'

const MIB = 1_048_576
/** It needs about 70 MB and a tenth of a second; what needs ten times that is up to no good. */
const limits: InspectionLimits = { wallMs: 15_000, rssBytes: 300 * MIB, outputBytes: 64 * 1_024, heapMiB: 128 }

export function createSniffer(inspector: Inspector): Sniffer {
  return {
    sniff: (path, signal) => inspector.inspect({ name: 'sniff', parse: (value) => sniffResult.parse(value) }, path, limits, signal),
  }
}

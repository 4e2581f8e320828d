// The tasks of documents with their limits: one child process each (src/providers/inspector.ts).
import { preflightReport, textAnalysis, textReport, thumbnailBatch } from '../contracts/document-parts.ts'
import { signatureReport } from '../contracts/signature.ts'
import type { DocumentSandbox } from '../domain/document-ports.ts'
import type { InspectionLimits, Inspector } from './inspector.ts'

const MIB = 1_048_576
/** No child may be larger, whatever it does. */
const rssBytes = 512 * MIB

const limits: Readonly<Record<keyof DocumentSandbox, InspectionLimits>> = {
  preflight: { wallMs: 20_000, rssBytes, outputBytes: MIB, heapMiB: 320 },
  text: { wallMs: 30_000, rssBytes, outputBytes: 24 * MIB, heapMiB: 256 },
  thumbnails: { wallMs: 20_000, rssBytes, outputBytes: 64 * MIB, heapMiB: 192 },
  signatures: { wallMs: 20_000, rssBytes, outputBytes: 4 * MIB, heapMiB: 320 },
  analyse: { wallMs: 20_000, rssBytes, outputBytes: 4 * MIB, heapMiB: 192 },
}

/** sharp is a native library. */
const needsAddons = ['--allow-addons']

/** `trustedCertificates`: DER in base64, the anchors for judging signatures. */
export function createDocumentSandbox(inspector: Inspector, options: { trustedCertificates?: readonly string[] } = {}): DocumentSandbox {
  const { trustedCertificates = [] } = options
  return {
    preflight: (path, signal) => inspector.inspect({ name: 'preflight', parse: parserOf(preflightReport) }, path, limits.preflight, signal),
    text: (path, signal) => inspector.inspect({ name: 'text', parse: parserOf(textReport) }, path, limits.text, signal),
    thumbnails: (path, from, until, signal, widthPixels) =>
      inspector.inspect(
        { name: 'thumbnails', options: { from, until, widthPixels }, needs: needsAddons, parse: parserOf(thumbnailBatch) },
        path,
        limits.thumbnails,
        signal,
      ),
    signatures: (path, nowMs, signal) =>
      inspector.inspect(
        { name: 'signatures', options: { nowMs, trustedCertificates }, parse: parserOf(signatureReport) },
        path,
        limits.signatures,
        signal,
      ),
    analyse: (path, signal) => inspector.inspect({ name: 'analyse', parse: parserOf(textAnalysis) }, path, limits.analyse, signal),
  }
}

function parserOf<Value>(schema: { parse(value: unknown): Value }): (value: unknown) => Value {
  return (value) => schema.parse(value)
}

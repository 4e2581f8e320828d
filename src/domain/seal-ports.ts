// What sealing needs from the world besides envelopes and blobs: a child process that prepares the document. The key's port is in envelope-ports.ts.
import type { PreparedSeal } from '../contracts/seal.ts'
import type { Inspection } from './upload-ports.ts'

/** `certificate`: a PDF whose pages are appended; null for a document that carries signatures already. `reason` and `name` stand in the signature. */
export type SealRequest = { certificate: Buffer | null; name: string; reason: string; atMs: number }

export type SealPreparer = {
  /** One child process over a file that nobody else changes. What it answers is to be checked by whoever asked. */
  prepare(path: string, request: SealRequest, signal: AbortSignal): Promise<Inspection<PreparedSeal>>
}

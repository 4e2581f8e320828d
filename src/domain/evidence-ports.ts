// What evidence needs from the world: a signature over its manifest, and a way to pack files.
import type { Readable } from 'node:stream'

/** What a bundle is about. */
export type BundleKind = 'envelope' | 'document'

/** A file of a bundle: its bytes, or where they lie and what they were when they were recorded. */
export type EvidenceFile = { name: string; content: Buffer | { key: string; bytes: number; sha256: string } }

export type EvidenceSigner = {
  /** Compact JWS by Ed25519 over the text, `typ` evidence-manifest. */
  sign(manifest: string): Promise<string>
  /** The public key that checks it, and checkpoints of the audit trail, as a key set. */
  keySet(): { keys: readonly object[] }
}

/** A file to be packed; `open` is called when its turn has come. */
export type PackedFile = { name: string; bytes: number; open: () => Promise<Readable> }

/** An archive as a stream; what `open` rejects with, or a file of another length, destroys it. `atMs` is the time of every file in it. */
export type PackFiles = (files: readonly PackedFile[], atMs: number) => Readable

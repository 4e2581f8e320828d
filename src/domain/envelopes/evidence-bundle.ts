// From parts to a bundle: texts as files, the manifest over all of them, and its signature. What the parts are is evidence.ts' and evidence-document.ts'.
import { createHash } from 'node:crypto'
import type { BundleKind, EvidenceFile } from '../evidence-ports.ts'
import type { BlobStore } from '../upload-ports.ts'
import type { EvidenceDeps } from './evidence-deps.ts'
import { readmeOf } from './evidence-readme.ts'

type WrittenFile = { name: string; content: Buffer }

export function textFile(name: string, text: string): WrittenFile {
  return { name, content: Buffer.from(text) }
}

export function jsonFile(name: string, value: unknown): WrittenFile {
  return textFile(name, `${JSON.stringify(value, null, 2)}\n`)
}

/** Adds what every bundle has: key set, reader's notes, verifier, manifest and its signature. */
export async function finishBundle(
  deps: Pick<EvidenceDeps, 'clock' | 'evidenceSigner' | 'verifierSource' | 'publicUrl' | 'software'>,
  kind: BundleKind,
  subject: string,
  parts: readonly EvidenceFile[],
): Promise<EvidenceFile[]> {
  const createdAt = new Date(deps.clock.nowMs()).toISOString()
  const files = [
    ...parts,
    jsonFile('jwks.json', deps.evidenceSigner.keySet()),
    textFile('verify.ts', deps.verifierSource),
    textFile('README.txt', readmeOf({ kind, subject, createdAt, publicUrl: deps.publicUrl })),
  ]
  const manifest = jsonFile('manifest.json', { version: 1, kind, subject, createdAt, software: deps.software, files: files.map(listingOf) })
  const signed = await deps.evidenceSigner.sign(manifest.content.toString())
  return [...files, manifest, textFile('manifest.jws', `${signed}\n`)]
}

function listingOf({ name, content }: EvidenceFile): { name: string; bytes: number; sha256: string } {
  if (!Buffer.isBuffer(content)) return { name, bytes: content.bytes, sha256: content.sha256 }
  return { name, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') }
}

export function bytesOf({ content }: EvidenceFile): number {
  return Buffer.isBuffer(content) ? content.length : content.bytes
}

/** A file that the bundle needs is not in the store as it was recorded. No repetition helps. */
export class EvidenceDamaged extends Error {}

/** Throws EvidenceDamaged for the first object that is missing or of another length; rejects when the store cannot tell. */
export async function requireStored(blobs: Pick<BlobStore, 'sizeOf'>, files: readonly EvidenceFile[]): Promise<void> {
  for (const { name, content } of files) {
    if (!Buffer.isBuffer(content) && (await blobs.sizeOf(content.key)) !== content.bytes)
      throw new EvidenceDamaged(`${name} is not in the store as it was recorded`)
  }
}

/** What is larger together is not verified in memory. */
export const mostInMemoryBytes = 67_108_864

/** Every file as bytes, as `verifyEvidence` takes them; null when they are larger together than `mostBytes`. Rejects when one cannot be read. */
export async function loadEvidence(
  blobs: Pick<BlobStore, 'read'>,
  files: readonly EvidenceFile[],
  mostBytes = mostInMemoryBytes,
): Promise<Map<string, Buffer> | null> {
  if (files.reduce((sum, file) => sum + bytesOf(file), 0) > mostBytes) return null
  const loaded = new Map<string, Buffer>()
  for (const { name, content } of files)
    loaded.set(name, Buffer.isBuffer(content) ? content : await readWhole(blobs, content.key, content.bytes))
  return loaded
}

/** At most as much as there should be, and a byte more, which then tells. */
async function readWhole(blobs: Pick<BlobStore, 'read'>, key: string, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of await blobs.read(key)) {
    chunks.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length > bytes) break
  }
  return Buffer.concat(chunks)
}

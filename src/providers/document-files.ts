// Copies of stored files on this machine, for the sandbox: a folder of its own for each, removed afterwards whatever happened.
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { DocumentFiles } from '../domain/document-ports.ts'
import type { BlobStore } from '../domain/upload-ports.ts'

export function createDocumentFiles(blobs: Pick<BlobStore, 'read'>, folder: string = tmpdir()): DocumentFiles {
  const within = async <Value>(use: (path: string) => Promise<Value>): Promise<Value> => {
    const own = await mkdtemp(join(folder, 'sallyport-document-'))
    try {
      return await use(join(own, 'input'))
    } finally {
      await rm(own, { recursive: true, force: true })
    }
  }
  return {
    withStored: (storageKey, signal, use) =>
      within(async (path) => {
        await pipeline(await blobs.read(storageKey), createWriteStream(path, { mode: 0o600 }), { signal })
        return use(path)
      }),
    withText: (text, use) =>
      within(async (path) => {
        await writeFile(path, text, { mode: 0o600 })
        return use(path)
      }),
  }
}

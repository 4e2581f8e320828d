// Small questions to the file system that the blob stores share.
import { open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const keyShape = /^[A-Za-z0-9_-]+(?:\/[A-Za-z0-9_-]+){2}$/

/** The path of a key beneath `root`. Throws RangeError for a key that is not ours: nothing else ever becomes a path. */
export function storagePath(root: string, place: string, key: string): string {
  if (!keyShape.test(key)) throw new RangeError('this is no storage key')
  return join(root, place, key)
}

/** Bytes of a file; null when there is none. */
export async function fileSize(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Makes names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a new file of `content` whose bytes are on the disk; leaves none when that fails. */
export async function writeDurably(path: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    if (content instanceof Uint8Array) await file.writeFile(content)
    else for await (const chunk of content) await file.writeFile(chunk)
    await file.sync()
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

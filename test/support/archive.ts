// Unpacks a ZIP as somebody would who got one from us.
import { createWriteStream, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { openPromise } from 'yauzl'

/** Every file of the archive, straight into an existing folder. */
export async function unpack(archive: Buffer, folder: string): Promise<void> {
  const path = join(folder, 'archive.zip')
  writeFileSync(path, archive)
  const zip = await openPromise(path)
  for await (const entry of zip.eachEntry()) {
    const content = await zip.openReadStreamPromise(entry)
    await pipeline(content, createWriteStream(join(folder, entry.fileName)))
  }
  rmSync(path)
}

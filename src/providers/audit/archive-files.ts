// Archives of the audit trail as files: gzip, one JSON value a line.
import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { ArchiveVault } from '../../domain/event-ports.ts'
import { makeFolder } from './checkpoint-files.ts'

export function createArchiveFiles(folder: string): ArchiveVault {
  const place = join(folder, 'archives')
  return {
    async write(name, lines) {
      await makeFolder(folder)
      await makeFolder(place)
      const path = join(place, name)
      const unfinished = `${path}.part`
      try {
        await pipeline(Readable.from(withBreaks(lines)), createGzip(), createWriteStream(unfinished, { mode: 0o600 }))
        await flush(unfinished)
        await rename(unfinished, path)
        await flush(place)
      } catch (error) {
        await rm(unfinished, { force: true })
        throw error
      }
    },
    read: (name) => readLines(join(place, name)),
  }
}

/** The lines of a file, decompressed when its name ends in `.gz`. What is wrong with it is thrown while reading. */
export async function* readLines(path: string): AsyncGenerator<string> {
  const file = createReadStream(path)
  const input = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  // A pipe hands no errors on.
  file.on('error', (error) => input.destroy(error))
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => {})
  input.on('error', failure.reject)
  const lines = createInterface({ input })[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await Promise.race([lines.next(), failure.promise])
      if (next.done) return
      if (next.value !== '') yield next.value
    }
  } finally {
    file.destroy()
  }
}

/** Without a folder there are no archives. */
export const noArchives: ArchiveVault = {
  write: () => Promise.reject(new Error('AUDIT_DIR is missing: there is nowhere to put an archive')),
  // eslint-disable-next-line require-yield
  async *read() {
    throw new Error('AUDIT_DIR is missing: there is nowhere to look for an archive')
  },
}

async function* withBreaks(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

// Signed checkpoints as files: a line each, a file for each day. The folder is best on another machine than the database.
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { CheckpointSink } from '../../domain/event-ports.ts'

/** `folder` is made when it is missing, its parent is not: a disk that is not mounted is an error and not an empty folder. */
export function createCheckpointFiles(folder: string): CheckpointSink {
  const place = join(folder, 'checkpoints')
  return {
    async append({ at }, signed) {
      await makeFolder(folder)
      await makeFolder(place)
      const file = await open(join(place, `${at.slice(0, 10)}.jws`), 'a', 0o600)
      try {
        // In front as well: behind a line that a crash cut off it begins anew.
        await file.write(`\n${signed}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
    },

    async *all() {
      for (const name of await daysIn(place)) {
        for await (const line of createInterface({ input: createReadStream(join(place, name), 'utf8') })) if (line !== '') yield line
      }
    },

    async *newest() {
      for (const name of (await daysIn(place)).toReversed()) {
        const text = await readFile(join(place, name), 'utf8')
        for (const line of text.split('\n').toReversed()) if (line !== '') yield line
      }
    },
  }
}

async function daysIn(place: string): Promise<string[]> {
  const names = await readdir(place).catch(() => [])
  return names.filter((name) => name.endsWith('.jws')).sort()
}

/** Makes one folder in one that is there. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  })
}

/** Where there is no folder nothing is kept, and a cut tail cannot be told. */
export const noCheckpoints: CheckpointSink = {
  append: () => Promise.resolve(),
  async *all() {},
  async *newest() {},
}

// One `npm start` for each DATA_DIR: a lock by process id, and the run file by which other commands find the running one.
import { chmodSync, closeSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { commandOf, readPid } from '../lib/process-table.ts'

/** Whether an earlier run ended without giving the lock back (it was killed), and what gives ours back. */
export type RunLock = { wasStale: boolean; release(): void }

/** Takes the lock of this folder. Throws a sentence with the process id when another run has it. `mark` is part of that run's command line. */
export function takeRunLock(dataDir: string, mark: string): RunLock {
  const file = join(dataDir, 'dev.pid')
  for (let wasStale = false; ; wasStale = true) {
    try {
      const descriptor = openSync(file, 'wx', 0o600)
      writeSync(descriptor, `${process.pid}\n`)
      closeSync(descriptor)
      return { wasStale, release: () => rmSync(file, { force: true }) }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
    const owner = readPid(file)
    if (owner !== undefined && commandOf(owner).includes(mark))
      throw new Error(`npm start runs already, as process ${owner}: stop that one first`)
    rmSync(file, { force: true })
  }
}

/** Writes `NAME=value` lines, 0600 from the first moment, all or nothing. Returns what removes the file. */
export function writeRunFile(file: string, settings: Readonly<Record<string, string>>): () => void {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value.replaceAll('\n', ' ')}\n`)
  writeFileSync(`${file}.new`, lines.join(''), { mode: 0o600 })
  chmodSync(`${file}.new`, 0o600)
  renameSync(`${file}.new`, file)
  return () => rmSync(file, { force: true })
}

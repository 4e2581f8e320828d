// Tells scripts/setup.mjs that something runs from this clone's node_modules, so that it never reinstalls them beneath it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from './run-file.ts'

/** Leaves a note with our process id until the returned function takes it away. A note whose process has died counts for nothing. */
export function noteRunning(): () => void {
  const folder = join(projectRoot, 'node_modules', '.sallyport-running')
  const note = join(folder, String(process.pid))
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(note, '')
  } catch {
    // A clone that we may not write to cannot be reinstalled by us either.
  }
  return () => rmSync(note, { force: true })
}

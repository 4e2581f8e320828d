// The output of child processes: every line into a file per process, and to the terminal only what a person should see at once.
import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const keepBytes = 10_000_000
const warn = 40

/** Opens `logs/NAME.log` (what has grown beyond 10 MB is set aside as `.old`) and returns what takes a line; after `close` none is kept. */
export function openChildLog(
  dataDir: string,
  name: string,
  say: (text: string) => void,
): { line: (text: string) => void; close: () => void } {
  const folder = join(dataDir, 'logs')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, `${name}.log`)
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > keepBytes) renameSync(file, `${file}.old`)
  let descriptor: number | null = openSync(file, 'a', 0o600)
  let lastShown: string | null = null
  const line = (text: string): void => {
    if (descriptor === null) return
    writeSync(descriptor, `${text}\n`)
    const shown = noteworthy(text)
    if (shown !== null && shown !== lastShown) say(`${name}: ${shown}`)
    lastShown = shown ?? lastShown
  }
  const close = (): void => {
    if (descriptor !== null) closeSync(descriptor)
    descriptor = null
  }
  return { line, close }
}

/**
 * The message of a warning or worse with the name of its error; a line that is no log line (a crash speaks so) as it is; null for
 * everything else. What repeats is shown once: the file has it all.
 */
function noteworthy(text: string): string | null {
  if (!text.startsWith('{')) return text.trim() === '' ? null : text
  try {
    const { level, msg, err } = JSON.parse(text) as { level?: number; msg?: string; err?: { name?: string; code?: string } }
    if (level !== undefined && level < warn) return null
    const reason = [err?.name, err?.code].filter(Boolean).join(' ')
    return `${msg ?? text}${reason ? ` (${reason})` : ''}`
  } catch {
    return text
  }
}

// Asks the operating system about processes that are not our children: those that a killed run left behind.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** The command line of a process, words joined by blanks; empty when there is no such process or it cannot be told. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    // No /proc (macOS), or no such process.
  }
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}

/** The process id in the first line of a file; undefined when there is none. */
export function readPid(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
    return Number.isInteger(pid) && pid > 1 ? pid : undefined
  } catch {
    return undefined
  }
}

/**
 * Ends the process that a pid file names, if its command line contains `mark` (so a number that was given to another process harms
 * nobody): the signal first, SIGKILL after `graceMs`. Returns whether there was one.
 */
export async function stopLeftover(pidFile: string, mark: string, signal: NodeJS.Signals, graceMs = 10_000): Promise<boolean> {
  const pid = readPid(pidFile)
  if (pid === undefined || !commandOf(pid).includes(mark)) return false
  const killAtMs = Date.now() + graceMs
  process.kill(pid, signal)
  while (commandOf(pid).includes(mark)) {
    if (Date.now() > killAtMs) process.kill(pid, 'SIGKILL')
    await wait(50)
  }
  return true
}

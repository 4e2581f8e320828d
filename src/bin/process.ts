// What every long-running process of ours does alike: read its settings, say what is wrong with them, stop once and in time.
import { ConfigError, loadConfig, readEnvironment, type Config } from '../config.ts'
import { withDeadline } from '../lib/deadline.ts'
import { SECOND_MS } from '../lib/durations.ts'
import { runFilePath } from '../lib/run-file.ts'
import type { Log } from '../log.ts'

/** The settings of this process; prints every fault and ends it when they do not allow a start. */
export function requireConfig(): Config {
  const env = readEnvironment(runFilePath)
  try {
    return loadConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    console.error(error.message)
    if (env.NODE_ENV !== 'production') console.error('For development run `npm start`; its settings are then found by every other command.')
    return process.exit(78)
  }
}

const stopMs = 20 * SECOND_MS

/**
 * Runs `stop` once, on SIGTERM, SIGINT, or when the parent that started us is gone; ends the process after it, or after 20 s at the latest. What nobody
 * caught ends it as well, as a failure: a process in an unknown state is restarted, not kept.
 */
export function stopWhenAsked(log: Log, stop: () => Promise<void>): (reason: string, exitCode?: number) => void {
  let isStopping = false
  const end = (reason: string, exitCode = 0): void => {
    if (isStopping) return
    isStopping = true
    log.info({ reason }, 'stopping')
    void withDeadline(stop(), stopMs, () => new Error('stopping took too long'))
      .catch((error: unknown) => log.error({ err: error }, 'stopped by force'))
      .then(() => process.exit(exitCode))
  }
  process.once('SIGTERM', () => end('SIGTERM'))
  process.once('SIGINT', () => end('SIGINT'))
  process.once('disconnect', () => end('the parent is gone'))
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught')
    end('uncaught', 70)
  })
  return end
}

/** Logs an error that repeats (a connection that is away) once, and once more when it has changed. */
export function onceEach(log: Log, what: string): (error: Error) => void {
  let last = ''
  return (error) => {
    const now = 'code' in error ? String(error.code) : error.name
    if (now !== last) log.warn({ part: what, problem: now }, 'connection')
    last = now
  }
}

// A worker that is alive but no longer takes jobs is worse than a dead one: it ends itself and is started anew.
import type { Log } from '../../log.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { every, type Loop } from './every.ts'

export type WatchdogDeps = {
  /** How long the oldest waiting job of this worker's queues has waited; rejects when Redis is away, which is no fault of the worker's. */
  oldestWaitingMs: () => Promise<number>
  consumer: { readonly lastStartMs: number; readonly running: number }
  /** What to do with a stuck worker. */
  onStuck: () => void
  log: Log
}

const intervalMs = 5 * SECOND_MS
const tooOldMs = 30 * SECOND_MS
const idleMs = 2 * intervalMs

/**
 * Looks every five seconds: jobs wait for over 30 s while this process started none for 10 s and runs none. Twice in a row, since a job that was
 * delayed for long, or a Redis that is just back, looks the same for a moment.
 */
export function startWatchdog({ oldestWaitingMs, consumer, onStuck, log }: WatchdogDeps): Loop {
  let looksStuck = false
  return every(
    intervalMs,
    async () => {
      const waitingMs = await oldestWaitingMs().catch(() => 0)
      const idleForMs = Date.now() - consumer.lastStartMs
      const lookedStuck = looksStuck
      looksStuck = waitingMs >= tooOldMs && idleForMs >= idleMs && consumer.running === 0
      if (!looksStuck || !lookedStuck) return
      log.fatal({ waitingMs, idleForMs }, 'jobs wait and this worker takes none')
      onStuck()
    },
    () => {},
  )
}

// Keeps a part running: starts it again, after a growing wait, whenever it ends without having been asked to.
import { setTimeout as wait } from 'node:timers/promises'
import { backoffMs } from '../lib/backoff.ts'

/** Anything that runs and can end by itself. */
export type Part = { exited: Promise<unknown>; stop(graceMs?: number): Promise<void>; kill(): Promise<void> }

const restart = { firstMs: 500, maxMs: 10_000 }
// A part that ran this long has recovered: its next end is counted from one again.
const settledAfterMs = 30_000

/**
 * Starts a part and resolves once it runs; rejects when this first start fails. From then on it is started again when it ends, and `say`
 * hears of each time. `stop` and `kill` end it for good.
 */
export async function supervise(name: string, start: () => Promise<Part>, say: (text: string) => void): Promise<Omit<Part, 'exited'>> {
  const stopping = new AbortController()
  let current = await start()
  const keepRunning = async (): Promise<void> => {
    let deaths = 0
    while (!stopping.signal.aborted) {
      const startedAtMs = Date.now()
      await current.exited
      if (stopping.signal.aborted) return
      deaths = Date.now() - startedAtMs > settledAfterMs ? 1 : deaths + 1
      const delayMs = backoffMs(restart, deaths, restart.firstMs)
      say(`${name} ended; starting it again in ${(delayMs / 1_000).toFixed(1)} s`)
      await wait(delayMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
      if (!stopping.signal.aborted) current = await start().catch((error: unknown) => failedPart(error, name, say))
    }
  }
  const running = keepRunning()
  const end = async (how: (part: Part) => Promise<void>): Promise<void> => {
    stopping.abort()
    await how(current)
    await running
    // It may have been starting just then.
    await how(current)
  }
  return { stop: (graceMs) => end((part) => part.stop(graceMs)), kill: () => end((part) => part.kill()) }
}

/** A start that failed counts as a part that ended at once. */
function failedPart(error: unknown, name: string, say: (text: string) => void): Part {
  say(`${name} did not start: ${error instanceof Error ? error.message : String(error)}`)
  const done = Promise.resolve()
  return { exited: done, stop: () => done, kill: () => done }
}

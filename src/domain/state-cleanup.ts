// Removes temporary state whose time is over. What it was does not matter here.
import type { Clock } from '../lib/clock.ts'
import type { StateStore } from './state-ports.ts'

export type StateCleanupDeps = {
  clock: Clock
  states: StateStore
  meters: { stateRemoved(kind: string, count: number): void }
}

const batch = 500

/**
 * Removes what is past its time in a partition until nothing is left or `signal` aborts, in batches that hold Redis up for a few milliseconds each;
 * how much there was. Twice is once.
 */
export async function cleanUpState(deps: StateCleanupDeps, partition: number, signal: AbortSignal): Promise<number> {
  let all = 0
  for (let removed = batch; removed >= batch && !signal.aborted;) {
    const byKind = await deps.states.sweep(partition, batch, deps.clock.nowMs())
    removed = 0
    for (const [kind, count] of byKind) {
      deps.meters.stateRemoved(kind, count)
      removed += count
    }
    all += removed
  }
  return all
}

// Lets at most so many pieces of work run at once; the others are turned away and may come back.

export type Lanes = <Value>(work: () => Promise<Value>) => Promise<Value> | null

/** Runs the work, or gives null when `parallel` others run. */
export function createLanes(parallel: number): Lanes {
  let running = 0
  return (work) => {
    if (running >= parallel) return null
    running++
    return work().finally(() => running--)
  }
}

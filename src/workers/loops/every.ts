// A loop beside the jobs: runs a step, waits, runs it again, until closed. A step that fails is reported and tried again.

export type Loop = { close: () => Promise<void> }

/** Runs `step` at once and then `intervalMs` after each end. `onError` gets what a step throws. `close` waits for the running step. */
export function every(intervalMs: number, step: () => Promise<void>, onError: (error: unknown) => void): Loop {
  const stop = new AbortController()
  const running = (async () => {
    while (!stop.signal.aborted) {
      await step().catch(onError)
      await wait(intervalMs, stop.signal)
    }
  })()
  return {
    close: async () => {
      stop.abort()
      await running
    },
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
  clearTimeout(timer)
}

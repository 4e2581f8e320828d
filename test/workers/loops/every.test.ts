// The loop beside the jobs: one step after the other, until closed.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { every } from '../../../src/workers/loops/every.ts'

describe('a loop', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('runs its step at once, and then after each end', async () => {
    let steps = 0
    const loop = every(
      1_000,
      async () => void steps++,
      () => {},
    )
    await vi.advanceTimersByTimeAsync(0)
    expect(steps).toBe(1)
    await vi.advanceTimersByTimeAsync(3_500)
    expect(steps).toBe(4)
    await loop.close()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(steps).toBe(4)
  })

  it('goes on after a step that failed, and reports it', async () => {
    const errors: unknown[] = []
    let steps = 0
    const loop = every(
      1_000,
      () => Promise.reject(new Error(`step ${++steps}`)),
      (error) => void errors.push(error),
    )
    await vi.advanceTimersByTimeAsync(2_000)
    expect(errors.map(String)).toEqual(['Error: step 1', 'Error: step 2', 'Error: step 3'])
    await loop.close()
  })

  it('never runs two steps at once, and closing waits for the one that runs', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let running = 0
    let isClosed = false
    const loop = every(
      10,
      async () => {
        running++
        await promise
      },
      () => {},
    )
    await vi.advanceTimersByTimeAsync(1_000)
    expect(running).toBe(1)
    const closing = loop.close().then(() => (isClosed = true))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(isClosed).toBe(false)
    resolve()
    await closing
    expect(running).toBe(1)
  })
})

// The watchdog: when a worker is stuck, and when it only looks so.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLog } from '../../../src/log.ts'
import type { Loop } from '../../../src/workers/loops/every.ts'
import { startWatchdog } from '../../../src/workers/loops/watchdog.ts'

describe('the watchdog', () => {
  let loop: Loop
  let stuck = 0
  beforeEach(() => {
    vi.useFakeTimers()
    stuck = 0
  })
  afterEach(async () => {
    await loop.close()
    vi.useRealTimers()
  })

  /** Watches a worker that started its last job this long ago, for ten looks. */
  async function watch(oldestWaitingMs: () => Promise<number>, consumer: { lastStartMs: number; running: number }): Promise<number> {
    loop = startWatchdog({ oldestWaitingMs, consumer, onStuck: () => stuck++, log: createLog('test', 'silent') })
    await vi.advanceTimersByTimeAsync(45_000)
    return stuck
  }
  const ago = (ms: number) => Date.now() - ms

  it('ends a worker that takes no jobs while they wait', async () => {
    expect(await watch(async () => 30_000, { lastStartMs: ago(10_000), running: 0 })).toBeGreaterThan(0)
  })

  it.each([
    ['no job waits', 0, { lastStartMs: 0, running: 0 }],
    ['none has waited for long', 29_999, { lastStartMs: 0, running: 0 }],
    ['it runs one', 3_600_000, { lastStartMs: 0, running: 1 }],
  ])('leaves it alone while %s', async (_what, waitingMs, consumer) => {
    expect(await watch(async () => waitingMs, consumer)).toBe(0)
  })

  it('leaves it alone while it keeps starting jobs, however many wait', async () => {
    const consumer = {
      get lastStartMs() {
        return ago(9_999)
      },
      running: 0,
    }
    expect(await watch(async () => 3_600_000, consumer)).toBe(0)
  })

  it('leaves it alone when Redis is away: that is no fault of its own', async () => {
    expect(await watch(() => Promise.reject(new Error('away')), { lastStartMs: 0, running: 0 })).toBe(0)
  })

  it('looks twice, since a job that was delayed for an hour waits for a moment only', async () => {
    let looks = 0
    expect(await watch(async () => (looks++ % 2 === 0 ? 3_600_000 : 0), { lastStartMs: 0, running: 0 })).toBe(0)
    expect(looks).toBe(10)
  })
})

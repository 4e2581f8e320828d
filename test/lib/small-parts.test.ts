// The smallest parts of lib: waits, deadlines, secrets, partitions.
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { backoffMs } from '../../src/lib/backoff.ts'
import { withDeadline } from '../../src/lib/deadline.ts'
import { partitionOf } from '../../src/lib/partition.ts'
import { Secret } from '../../src/lib/secret.ts'

describe('backoff', () => {
  const backoff = { firstMs: 500, maxMs: 30_000 }

  it('doubles its ceiling from try to try, up to the most', () => {
    const ceilings = [1, 2, 3, 6, 7, 8, 40, 100_000].map((tries) => backoffMs(backoff, tries, 0, () => 1))
    expect(ceilings).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000, 30_000])
  })

  it('is drawn from the whole range below it', () => {
    const waits = Array.from({ length: 2_000 }, () => backoffMs(backoff, 4))
    expect(Math.min(...waits)).toBeLessThan(200)
    expect(Math.max(...waits)).toBeGreaterThan(3_800)
    expect(Math.max(...waits)).toBeLessThanOrEqual(4_000)
    expect(waits.every(Number.isInteger)).toBe(true)
  })

  it("never undercuts a vendor's Retry-After", () => {
    expect(backoffMs(backoff, 1, 60_000, () => 0)).toBe(60_000)
    expect(backoffMs(backoff, 1, 60_000, () => 1)).toBe(60_500)
  })
})

describe('a deadline', () => {
  const never = new Promise<never>(() => {})

  it('gives what came in time, fails as the work fails, and rejects after its time', async () => {
    const late = () => new Error('late')
    expect(await withDeadline(Promise.resolve(1), 1_000, late)).toBe(1)
    await expect(withDeadline(Promise.reject(new Error('own')), 1_000, late)).rejects.toThrow('own')
    await expect(withDeadline(never, 5, late)).rejects.toThrow('late')
  })

  it('swallows what fails afterwards', async () => {
    const { promise, reject } = Promise.withResolvers<void>()
    await expect(withDeadline(promise, 1, () => new Error('late'))).rejects.toThrow('late')
    // An unhandled rejection would fail this run.
    reject(new Error('much later'))
  })
})

describe('a secret', () => {
  it('is shown only when it is asked for', () => {
    const secret = new Secret('hunter2')
    const forms = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }, { depth: 9, showHidden: true }),
      Object.values(secret).join(''),
    ]
    for (const form of forms) expect(form).not.toContain('hunter2')
    expect(secret.reveal()).toBe('hunter2')
  })
})

describe('a partition', () => {
  it('is always the same for the same subject, and each gets its share', () => {
    for (const partitions of [1, 2, 4, 16]) {
      const counts = Array.from({ length: partitions }, () => 0)
      for (let at = 0; at < 4_000; at++) {
        const partition = partitionOf(`subject ${at}`, partitions)
        expect(partition).toBe(partitionOf(`subject ${at}`, partitions))
        counts[partition] = (counts[partition] ?? 0) + 1
      }
      expect(Math.min(...counts)).toBeGreaterThan((4_000 / partitions) * 0.7)
      expect(counts).toHaveLength(partitions)
    }
  })
})

// What outlives a request ends with the credential that opened it.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { hashOfKey } from '../../src/api/caller.ts'
import { revokedSignal } from '../../src/api/revoked-signal.ts'
import type { Caller } from '../../src/domain/caller.ts'
import { Keyring } from '../../src/lib/keyring.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const caller: Caller = { kind: 'api-key', keyId: 'key_1', scopes: [] }
type Known = { keyId: string; scopes: string[] } | null

/** `answer` is what the store says of the key. */
function watch(answer: () => Promise<Known>): { asked: Buffer[]; until: AbortController; signal: AbortSignal } {
  const asked: Buffer[] = []
  const until = new AbortController()
  const deps = {
    keyring: Keyring.parse(`k1:${Buffer.alloc(32, 7).toString('base64')}`),
    clock: { nowMs: () => 0 },
    revocationFeed: { watch: () => () => {} },
    apiKeys: { findByHash: (hash: Buffer) => (asked.push(hash), answer()) },
  }
  return { asked, until, signal: revokedSignal(deps, caller, 'sk_1', until.signal) }
}

test('a revoked key ends its stream within ten seconds, a good one does not', async () => {
  let isRevoked = false
  const { asked, signal } = watch(async () => (isRevoked ? null : { keyId: 'key_1', scopes: [] }))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(signal.aborted).toBe(false)
  expect(asked[0]).toEqual(hashOfKey('sk_1'))
  isRevoked = true
  await vi.advanceTimersByTimeAsync(10_000)
  expect(signal.aborted).toBe(true)
  const count = asked.length
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked).toHaveLength(count)
})

test('a key of which nothing can be told ends its stream, as requests with it are refused', async () => {
  const { signal } = watch(() => Promise.reject(new Error('away')))
  await vi.advanceTimersByTimeAsync(10_000)
  expect(signal.aborted).toBe(true)
})

test('nobody asks about the key of a stream that is over', async () => {
  const { asked, until, signal } = watch(async () => null)
  until.abort()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(asked).toEqual([])
  expect(signal.aborted).toBe(false)
})

// The key set of the identity provider, fetched once for all processes. Its freshness within one process stays jose's to decide.
import type { FetchImplementation } from 'jose'
import type { Cache } from '../../domain/session-ports.ts'
import { SECOND_MS } from '../../lib/durations.ts'

/** Under jose's own cooldown of 30 s: a process that misses a new key never gets an older answer than it has. */
const ttlMs = 25 * SECOND_MS

/** A fetch that goes through the cache. Throws when the address cannot be reached or answers anything but 200. */
export function fetchThrough(cache: Cache): FetchImplementation {
  return async (url, options) => {
    const text = await cache.get({ name: 'jwks', key: url, ttlMs, tags: ['jwks'] }, async () => {
      const response = await fetch(url, options)
      if (response.status !== 200) throw new Error(`the key set answered ${response.status}`)
      return response.text()
    })
    return new Response(text, { status: 200, headers: { 'content-type': 'application/json' } })
  }
}

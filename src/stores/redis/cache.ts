// A cache of two storeys: this process's memory for a second, over Redis for all processes. What is in Redis is sealed, so that whoever can write there
// still cannot put words in our mouth.
import { setTimeout as wait } from 'node:timers/promises'
import type { Cache, CacheEntry } from '../../domain/session-ports.ts'
import { AppError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { partitionOf } from '../../lib/partition.ts'
import { randomBytes } from '../../lib/random.ts'
import { keysOf } from './keys.ts'
import { script, type ScriptRunner } from './run-script.ts'
import { readCacheLua, writeCacheLua } from './scripts/cache.ts'

export type CacheReading = 'memory' | 'redis' | 'made' | 'without_redis'
export type CacheOptions = { clock: Clock; keyring: Keyring; onRead: (name: string, reading: CacheReading) => void }

/** So long another process's invalidation may go unnoticed here; no message has to arrive for that. */
const memoryMs = SECOND_MS
const maxRemembered = 1_000
/** A maker that is not back by then is not waited for any longer. */
const leaseMs = 5 * SECOND_MS
const lookAgainMs = 50
const scripts = { read: script(readCacheLua), write: script(writeCacheLua) }

/** What a read of Redis led to. */
type Found = { value: string; reading: CacheReading }
type Place = { entry: string; making: string; tags: string[]; context: { kind: string; id: string } }

export class RedisCache implements Cache {
  readonly #runner: ScriptRunner
  readonly #partitions: number
  readonly #options: CacheOptions
  readonly #memory = new Map<string, { value: string; untilMs: number; tags: readonly string[] }>()
  readonly #asked = new Map<string, Promise<Found>>()

  constructor(runner: ScriptRunner, partitions: number, options: CacheOptions) {
    this.#runner = runner
    this.#partitions = partitions
    this.#options = options
  }

  async get(entry: CacheEntry, make: () => Promise<string>): Promise<string> {
    const { clock, onRead } = this.#options
    const id = `${entry.name} ${entry.key}`
    const known = this.#memory.get(id)
    if (known && clock.nowMs() < known.untilMs) {
      onRead(entry.name, 'memory')
      return known.value
    }
    const isFirst = !this.#asked.has(id)
    const asked = this.#asked.get(id) ?? this.#find(id, entry, make).finally(() => this.#asked.delete(id))
    this.#asked.set(id, asked)
    const { value, reading } = await asked
    // Whoever joined was served by this process's own work.
    onRead(entry.name, isFirst ? reading : 'memory')
    return value
  }

  async invalidate(tag: string): Promise<void> {
    for (const [id, { tags }] of this.#memory) if (tags.includes(tag)) this.#memory.delete(id)
    const all = Array.from({ length: this.#partitions }, (_, partition) => keysOf(partition).cacheTag(tag))
    await this.#runner.bounded(() => Promise.all(all.map((key) => this.#runner.redis.incr(key))))
  }

  async #find(id: string, entry: CacheEntry, make: () => Promise<string>): Promise<Found> {
    const askedAtMs = this.#options.clock.nowMs()
    let hasMade = false
    const makeNoting = (): Promise<string> => {
      hasMade = true
      return make()
    }
    const found = await this.#readOrMake(entry, makeNoting).catch(async (error: unknown): Promise<Found> => {
      // What the making itself failed of is the caller's to hear; only a Redis that is away is got round.
      if (hasMade || !(error instanceof AppError) || error.code !== 'service_degraded') throw error
      return { value: await make(), reading: 'without_redis' }
    })
    this.#remember(id, found.value, askedAtMs + Math.min(entry.ttlMs, memoryMs), entry.tags ?? [])
    return found
  }

  async #readOrMake(entry: CacheEntry, make: () => Promise<string>): Promise<Found> {
    const place = this.#placeOf(entry)
    const maker = randomBytes(12).toString('base64url')
    const giveUpAtMs = performance.now() + leaseMs
    for (;;) {
      const [kind, value = ''] = (await this.#runner.run(scripts.read, [place.entry, place.making, ...place.tags], {
        maker,
        leaseMs,
      })) as string[]
      const opened = kind === 'hit' ? this.#options.keyring.open(place.context, value) : null
      if (opened) return { value: opened.plaintext, reading: 'redis' }
      if (kind === 'make') return { value: await this.#make(place, entry, maker, value, make), reading: 'made' }
      // An entry that cannot be opened is nobody's to trust.
      if (kind === 'hit') await this.#runner.bounded(() => this.#runner.redis.del(place.entry))
      if (performance.now() > giveUpAtMs) return { value: await make(), reading: 'made' }
      await wait(lookAgainMs)
    }
  }

  async #make(place: Place, { ttlMs }: CacheEntry, maker: string, versions: string, make: () => Promise<string>): Promise<string> {
    const { clock, keyring } = this.#options
    const write = (argument: object): Promise<unknown> =>
      this.#runner.run(scripts.write, [place.entry, place.making], { ...argument, maker })
    let value: string
    try {
      value = await make()
    } catch (error) {
      await write({}).catch(() => {})
      throw error
    }
    // The value is there: that it could not be kept is no failure of the caller's.
    await write({ value: keyring.seal(place.context, clock.nowMs() + ttlMs, value), versions, ttlMs }).catch(() => {})
    return value
  }

  #placeOf({ name, key, tags = [] }: CacheEntry): Place {
    const print = this.#options.keyring.fingerprint('cache', key)
    const keys = keysOf(partitionOf(print, this.#partitions))
    return {
      entry: keys.cached(name, print),
      making: keys.cacheMaking(name, print),
      tags: tags.map((tag) => keys.cacheTag(tag)),
      context: { kind: 'cache', id: `${name} ${key}` },
    }
  }

  #remember(id: string, value: string, untilMs: number, tags: readonly string[]): void {
    for (const oldest of this.#memory.keys()) {
      if (this.#memory.size < maxRemembered) break
      this.#memory.delete(oldest)
    }
    this.#memory.set(id, { value, untilMs, tags })
  }
}

// Follows the event streams and wakes whoever waits for a subject. A convenience, never a source of truth: waiters read the state again.
import type { Watch } from '../../domain/ports.ts'
import { closeRedis, type RedisConnection } from './connections.ts'
import { keysOf } from './keys.ts'
import { fieldsOf } from './verification-fields.ts'

const blockMs = 5_000
const batch = 1_000

/** One reader per partition (their streams are in different slots), each with a connection of its own from `open`. */
export class EventTail {
  readonly #waiters = new Map<string, Set<() => void>>()
  readonly #followers = new Set<(event: Record<string, string>) => void>()
  readonly #connections: RedisConnection[]
  readonly #loops: Promise<void>[]
  #closed = false

  constructor(open: () => RedisConnection, partitions: number) {
    this.#connections = Array.from({ length: partitions }, open)
    this.#loops = this.#connections.map((connection, partition) => this.#follow(connection, keysOf(partition).events))
  }

  watch(subject: string): Watch {
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiters = this.#waiters.get(subject) ?? new Set()
    waiters.add(resolve)
    this.#waiters.set(subject, waiters)
    const stop = () => {
      waiters.delete(resolve)
      if (waiters.size === 0 && this.#waiters.get(subject) === waiters) this.#waiters.delete(subject)
    }
    return { changed: promise, stop }
  }

  /** Hands the fields of every event to `onEvent`, from now on, until the returned function is called. */
  follow(onEvent: (event: Record<string, string>) => void): () => void {
    this.#followers.add(onEvent)
    return () => this.#followers.delete(onEvent)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const connection of this.#connections) closeRedis(connection)
    await Promise.all(this.#loops)
  }

  async #follow(connection: RedisConnection, stream: string): Promise<void> {
    let from = '$'
    while (!this.#closed) {
      try {
        // A place, not `$`: what is written between two reads would be missed.
        if (from === '$') from = (await connection.xrevrange(stream, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0'
        const reply = await connection.xread('COUNT', batch, 'BLOCK', blockMs, 'STREAMS', stream, from)
        for (const [, entries] of reply ?? []) {
          for (const [id, flat] of entries) {
            from = id
            const event = fieldsOf(flat)
            this.#wake(event.subject ?? '')
            for (const onEvent of this.#followers) onEvent(event)
          }
        }
      } catch {
        // The connection reports its errors and reconnects by itself; a stream that began anew is followed from its end.
        from = '$'
      }
    }
  }

  #wake(subject: string): void {
    for (const resolve of this.#waiters.get(subject) ?? []) resolve()
  }
}

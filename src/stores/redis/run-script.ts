// Runs our Lua: by its hash, with the text only when the server does not know it; in bounded time; with one kind of error.
import { createHash } from 'node:crypto'
import { AppError } from '../../errors.ts'
import { withDeadline } from '../../lib/deadline.ts'
import type { RedisConnection } from './connections.ts'

/** One Lua program and the hash by which the server knows it. */
export type Script = { text: string; sha: string }

export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** Redis in bounded time. `timeoutMs` of Infinity waits for it to come back (workers). */
export class ScriptRunner {
  readonly redis: RedisConnection
  readonly #timeoutMs: number

  constructor(redis: RedisConnection, timeoutMs: number) {
    this.redis = redis
    this.#timeoutMs = timeoutMs
  }

  /** Runs a script; the keys must share one hash slot. Throws `service_degraded` when Redis does not answer in time. */
  run(program: Script, keys: readonly string[], argument: unknown): Promise<unknown> {
    const args = [keys.length, ...keys, typeof argument === 'string' ? argument : JSON.stringify(argument)] as const
    return this.bounded(async () => {
      try {
        return await this.redis.evalsha(program.sha, ...args)
      } catch (error) {
        // A server that lost its script cache has run nothing: the text may follow.
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
        return await this.redis.eval(program.text, ...args)
      }
    })
  }

  /** The same bound and error for plain commands. */
  async bounded<T>(work: () => Promise<T>): Promise<T> {
    try {
      const running = work()
      if (this.#timeoutMs === Infinity) return await running
      return await withDeadline(running, this.#timeoutMs, () => new Error('Redis did not answer in time'))
    } catch (error) {
      if (isBugInScript(error)) throw error
      throw new AppError('service_degraded', { retryAfterMs: 1_000 }, { cause: error })
    }
  }
}

/** A script that fails by itself is our fault and must not look like an outage. */
function isBugInScript(error: unknown): boolean {
  return error instanceof Error && /user_script|Error (compiling|running) script|WRONGTYPE|CROSSSLOT/.test(error.message)
}

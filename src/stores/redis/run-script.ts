// Runs our Lua: by its hash, with the text only when the server does not know it; in bounded time; with one kind of error.
import { createHash } from 'node:crypto'
import { AppError } from '../../errors.ts'
import type { RedisConnection } from './connections.ts'

/** One Lua program and the hash by which the server knows it. */
export type Script = { text: string; sha: string }

/** A program that changes nothing once ARGV[2], a moment of Redis's own clock in ms, has passed: its caller has been told 503 by then. */
export function script(lua: string): Script {
  const text = `${unlessLate}${lua}`
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

const unlessLate = `
if ARGV[2] and ARGV[2] ~= '' then
  local t = redis.call('TIME')
  if t[1] * 1000 + t[2] / 1000 > tonumber(ARGV[2]) then return redis.error_reply('LATE the caller waits no longer') end
end
`

/** However busy Redis is, nobody waits longer than this. */
const longestMs = 5_000

/**
 * Redis in bounded time: a call fails once Redis has been silent for `timeoutMs`, to this call and to all others of this runner. A Redis that is
 * busy, or an event loop that lags, is waited for. `timeoutMs` of Infinity waits for Redis to come back (workers).
 */
export class ScriptRunner {
  readonly redis: RedisConnection
  readonly #timeoutMs: number
  #skewMs: number | undefined
  #lastReplyAt = 0

  constructor(redis: RedisConnection, timeoutMs: number) {
    this.redis = redis
    this.#timeoutMs = timeoutMs
  }

  /** How far Redis's clock is ahead of ours, as measured. From then on a command that Redis finds too late is not carried out. */
  followClock(skewMs: number): void {
    this.#skewMs = skewMs
  }

  /** Runs a script; the keys must share one hash slot. Throws `service_degraded` when Redis does not answer in time. */
  run(program: Script, keys: readonly string[], argument: unknown): Promise<unknown> {
    const text = typeof argument === 'string' ? argument : JSON.stringify(argument)
    return this.bounded(async (call) => {
      for (;;) {
        try {
          return await this.#execute(program, [keys.length, ...keys, text, this.#deadline()])
        } catch (error) {
          // Redis was busy and has changed nothing; whoever asked is still waiting.
          if (!isLate(error) || call.isAbandoned) throw error
        }
      }
    })
  }

  async #execute(program: Script, args: readonly [number, ...string[]]): Promise<unknown> {
    try {
      return await this.redis.evalsha(program.sha, ...args)
    } catch (error) {
      // A server that lost its script cache has run nothing: the text may follow.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return await this.redis.eval(program.text, ...args)
    }
  }

  /** Half of the round trip in which the skew was measured is the measure's error, and far below the bound. */
  #deadline(): string {
    return this.#timeoutMs === Infinity || this.#skewMs === undefined ? '' : String(Date.now() + this.#skewMs + this.#timeoutMs)
  }

  /** The same bound and error for plain commands. `call` says whether anybody still waits. */
  async bounded<T>(work: (call: { readonly isAbandoned: boolean }) => Promise<T>): Promise<T> {
    const call = { isAbandoned: false }
    try {
      const running = work(call)
      const result = await (this.#timeoutMs === Infinity ? running : this.#unlessSilent(running, call))
      this.#lastReplyAt = performance.now()
      return result
    } catch (error) {
      if (isBugInScript(error)) throw error
      throw new AppError('service_degraded', { retryAfterMs: 1_000 }, { cause: error })
    }
  }

  #unlessSilent<T>(running: Promise<T>, call: { isAbandoned: boolean }): Promise<T> {
    const startedAt = performance.now()
    // Not withResolvers: programs that use the package as a library may run on Node 20.
    return new Promise<T>((resolve, reject) => {
      // A timer that fires late may stand before replies that have long arrived: they are read first, then it is judged.
      const lookLater = (ms: number): NodeJS.Timeout => setTimeout(() => setImmediate(look), ms)
      const look = (): void => {
        const now = performance.now()
        const silentMs = now - Math.max(startedAt, this.#lastReplyAt)
        if (silentMs < this.#timeoutMs && now - startedAt < longestMs) {
          timer = lookLater(Math.max(1, this.#timeoutMs - silentMs))
          return
        }
        call.isAbandoned = true
        reject(new Error('Redis did not answer in time'))
      }
      let timer = lookLater(this.#timeoutMs)
      running.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }
}

function isLate(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('LATE')
}

/** A script that fails by itself is our fault and must not look like an outage. */
function isBugInScript(error: unknown): boolean {
  return error instanceof Error && /user_script|Error (compiling|running) script|WRONGTYPE|CROSSSLOT/.test(error.message)
}

// API keys in bounded time: a look-up is waited for briefly, and its answer is remembered for a moment. Where keys are kept is the store's.
import { AppError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { withDeadline } from '../lib/deadline.ts'
import { SECOND_MS } from '../lib/durations.ts'
import type { ApiKeyReader } from './deps.ts'

type Key = Awaited<ReturnType<ApiKeyReader['findByHash']>>

/** The longest wait for the store; the contract allows a second for the whole answer. */
export const keyPatienceMs = 700
/** A revoked key works on for so long at the most. */
const rememberKeyMs = SECOND_MS
const rememberNoneMs = 5 * SECOND_MS
const maxRemembered = 10_000

/** The same keys. Rejects with `service_degraded` when the store does not answer in time; several requests with one key ask once. */
export function rememberKeys(store: ApiKeyReader, clock: Clock): ApiKeyReader {
  const remembered = new Map<string, { key: Key; untilMs: number }>()
  const asked = new Map<string, Promise<Key>>()
  const ask = async (name: string, sha256: Buffer): Promise<Key> => {
    const askedAtMs = clock.nowMs()
    const away = () => new AppError('service_degraded', { retryAfterMs: SECOND_MS })
    const key = await withDeadline(store.findByHash(sha256), keyPatienceMs, away)
    for (const oldest of remembered.keys()) {
      if (remembered.size < maxRemembered) break
      remembered.delete(oldest)
    }
    remembered.set(name, { key, untilMs: askedAtMs + (key ? rememberKeyMs : rememberNoneMs) })
    return key
  }
  return {
    findByHash: (sha256) => {
      const name = sha256.toString('base64')
      const known = remembered.get(name)
      if (known && known.untilMs > clock.nowMs()) return Promise.resolve(known.key)
      remembered.delete(name)
      const answer = asked.get(name) ?? ask(name, sha256).finally(() => asked.delete(name))
      asked.set(name, answer)
      return answer
    },
  }
}

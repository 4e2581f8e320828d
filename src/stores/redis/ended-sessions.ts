// Console sessions that were ended before their time: a mark each, until they would have ended anyway.
import type { EndedSessions } from '../../domain/ports.ts'
import { keysOf } from './keys.ts'
import type { ScriptRunner } from './run-script.ts'

/** They are few, so all of them are in the first partition. */
export function createEndedSessions(runner: ScriptRunner): EndedSessions {
  const key = (id: string): string => keysOf(0).endedConsoleSession(id)
  return {
    end: async (id, untilMs) => {
      await runner.bounded(() => runner.redis.set(key(id), '1', 'PXAT', untilMs))
    },
    isEnded: async (id) => (await runner.bounded(() => runner.redis.exists(key(id)))) === 1,
  }
}

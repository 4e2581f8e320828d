// Adds events to the stream of a partition. Changes of state write their own events within their scripts; this is for all the rest.
import type { EventLog } from '../../domain/ports.ts'
import { keysOf } from './keys.ts'
import { script, type ScriptRunner } from './run-script.ts'
import { appendEventsLua } from './scripts/state.ts'

const appendEvents = script(appendEventsLua)

export function createEventLog(runner: ScriptRunner): EventLog {
  return {
    async append(partition, events, trace, nowMs) {
      const list = 'type' in events ? [events] : events
      const keys = keysOf(partition)
      const written = list.map((event) => ({ ...event, data: JSON.stringify(event.data ?? {}) }))
      await runner.run(appendEvents, [keys.events], { ...trace, events: written, nowMs, base: keys.base })
    },
  }
}

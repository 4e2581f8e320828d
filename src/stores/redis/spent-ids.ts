// Ids that may be used once and whose record is not in Redis: a mark each, until they would have ended anyway.
import type { SpentIds, StateKey } from '../../domain/state-ports.ts'
import { partitionOfId } from '../../lib/ids.ts'
import { keysOf } from './keys.ts'
import { script, type Script, type ScriptRunner } from './run-script.ts'
import { noteCreatedLua, spendIdLua } from './scripts/state.ts'

const spendId = script(spendIdLua)
const noteCreated = script(noteCreatedLua)

export function createSpentIds(runner: ScriptRunner, prefix = ''): SpentIds {
  const keysFor = (id: string) => keysOf(partitionOfId(id), prefix)
  const run = (program: Script, { kind, id }: StateKey, argument: object): Promise<unknown> => {
    const keys = keysFor(id)
    return runner.run(program, [keys.spentId(kind, id)], { ...argument, kind, id, base: keys.base, isSilent: prefix !== '' })
  }
  return {
    spend: async (key, expiresAtMs, tally, trace, nowMs) =>
      (await run(spendId, key, { expiresAtMs, tally, facts: { operationType: tally }, ...trace, nowMs })) === 1,
    isSpent: async ({ kind, id }) => (await runner.bounded(() => runner.redis.exists(keysFor(id).spentId(kind, id)))) === 1,
    noteCreated: async (key, tally, trace, nowMs) => {
      await run(noteCreated, key, { tally, facts: { operationType: tally }, ...trace, nowMs })
    },
  }
}

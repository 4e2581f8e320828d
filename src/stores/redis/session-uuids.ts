// Session UUIDs in Redis: who reserved which, until when, and what Postgres is still owed.
import type { SessionUuidRecord, SessionUuidStore } from '../../domain/session-ports.ts'
import { partitionOf } from '../../lib/partition.ts'
import { keysOf } from './keys.ts'
import { script, type Script, type ScriptRunner } from './run-script.ts'
import { abandonUuidLua, reserveUuidLua, validateUuidLua, withdrawUuidLua } from './scripts/session-uuids.ts'
import { wordOf } from './verification-fields.ts'

const scripts = {
  reserve: script(reserveUuidLua),
  validate: script(validateUuidLua),
  withdraw: script(withdrawUuidLua),
  abandon: script(abandonUuidLua),
}

export function createSessionUuidStore(runner: ScriptRunner, partitions: number): SessionUuidStore {
  const keysFor = (uuid: string) => keysOf(partitionOf(uuid, partitions))
  const run = (program: Script, uuid: string, argument: object): Promise<unknown> => {
    const keys = keysFor(uuid)
    return runner.run(program, [keys.sessionUuid(uuid)], { ...argument, uuid, base: keys.base })
  }
  const readAll = async (partition: number, uuids: readonly string[]): Promise<SessionUuidRecord[]> => {
    const keys = keysOf(partition)
    const found = await Promise.all(uuids.map((uuid) => runner.redis.hmget(keys.sessionUuid(uuid), 'owner', 'reservedAtMs', 'expiresAtMs')))
    return found.map(([owner, reservedAtMs, expiresAtMs], at) => ({
      uuid: uuids[at] ?? '',
      owner: owner ?? '',
      reservedAtMs: Number(reservedAtMs ?? 0),
      expiresAtMs: Number(expiresAtMs ?? 0),
    }))
  }
  return {
    reserve: async ({ uuid, owner, network, expiresAtMs }, trace, nowMs) =>
      (await run(scripts.reserve, uuid, { owner, network, expiresAtMs, ...trace, nowMs })) === 1,
    validate: async (uuid, { owners, isAnonymous }, expiresAtMs, trace, nowMs) =>
      wordOf(
        ['own', 'foreign', 'unknown'] as const,
        String(await run(scripts.validate, uuid, { owners, isAnonymous, expiresAtMs, ...trace, nowMs })),
      ),
    unrecorded: (partition, limit) =>
      runner.bounded(async () => {
        const uuids = await runner.redis.zrange(keysOf(partition).sessionUuidsUnrecorded, '0', String(limit - 1))
        return readAll(partition, uuids)
      }),
    noteRecorded: async (uuid) => {
      await runner.bounded(() => runner.redis.zrem(keysFor(uuid).sessionUuidsUnrecorded, uuid))
    },
    withdraw: async (uuid, trace, nowMs) => {
      await run(scripts.withdraw, uuid, { ...trace, nowMs })
    },
    due: (partition, limit, nowMs) =>
      runner.bounded(async () =>
        readAll(partition, await runner.redis.zrangebyscore(keysOf(partition).sessionUuidsDue, '-inf', nowMs, 'LIMIT', 0, limit)),
      ),
    abandon: async (uuid, nowMs) => (await run(scripts.abandon, uuid, { nowMs })) === 1,
  }
}

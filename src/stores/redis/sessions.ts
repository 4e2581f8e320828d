// Sessions in Redis: one hash each, changed field by field and only while it lives; an index, a deadline and a day's numbers beside it.
import type { EndReason, SessionDay, SessionRecord, SessionStore, UnusualReason } from '../../domain/session-ports.ts'
import { unusualReasons } from '../../domain/session-ports.ts'
import { DAY_MS } from '../../lib/durations.ts'
import { partitionOf } from '../../lib/partition.ts'
import { partitionOfUuid } from '../../lib/partitioned-uuid.ts'
import { keysOf } from './keys.ts'
import { script, type Script, type ScriptRunner } from './run-script.ts'
import {
  createSessionLua,
  elevateSessionLua,
  endAllSessionsLua,
  endSessionLua,
  expireSessionsLua,
  listSessionsLua,
  patchSessionLua,
} from './scripts/sessions.ts'
import { fieldsOf, wordOf } from './verification-fields.ts'

const scripts = {
  create: script(createSessionLua),
  list: script(listSessionsLua),
  patch: script(patchSessionLua),
  end: script(endSessionLua),
  endAll: script(endAllSessionsLua),
  elevate: script(elevateSessionLua),
  expire: script(expireSessionsLua),
}

/** Longer than any token should live: what "everything until now" refuses must not come back. */
const accountKeptMs = 400 * DAY_MS
const metadataPrefix = 'm:'

export function createSessionStore(runner: ScriptRunner, partitions: number): SessionStore {
  const keysFor = (id: string) => keysOf(partitionOfUuid(id) ?? 0)
  const ofOne = (program: Script, id: string, argument: object): Promise<unknown> => {
    const keys = keysFor(id)
    return runner.run(program, [keys.session(id)], { ...argument, id, base: keys.base })
  }
  const all = Array.from({ length: partitions }, (_, partition) => keysOf(partition))
  return {
    async create({ id, ...session }, rules, trace, nowMs) {
      const [kind, flat, unusual] = (await ofOne(scripts.create, id, { ...session, rules, ...trace, nowMs })) as [string, unknown, unknown]
      if (kind === 'created') return { kind, record: required(id, flat), unusual: unusualOf(unusual) }
      return { kind: wordOf(['signed_out', 'taken'], kind) }
    },

    async read(id, nowMs) {
      const record = recordOf(id, await runner.bounded(() => runner.redis.hgetall(keysFor(id).session(id))))
      return record && nowMs < record.expiresAtMs ? record : null
    },

    async list(owner, nowMs) {
      const keys = keysOf(partitionOf(owner, partitions))
      const found = (await runner.run(scripts.list, [keys.accountSessions(owner)], { nowMs, base: keys.base })) as [string, unknown][]
      return found.map(([id, flat]) => required(id, flat))
    },

    async patch(id, change, maxMetadata, trace, nowMs) {
      const [kind, flat] = (await ofOne(scripts.patch, id, { ...change, maxMetadata, ...trace, nowMs })) as [string, unknown]
      if (kind === 'patched') return required(id, flat)
      return kind === 'too_many' ? kind : null
    },

    end: async (id, trace, nowMs) => (await ofOne(scripts.end, id, { ...trace, nowMs })) === 1,

    async endAll(owner, keep, trace, nowMs) {
      const keys = keysOf(partitionOf(owner, partitions))
      return Number(
        await runner.run(scripts.endAll, [keys.account(owner)], { owner, keep, accountKeptMs, ...trace, nowMs, base: keys.base }),
      )
    },

    async elevate(id, by, trace, nowMs) {
      return recordOf(id, fieldsOf(await ofOne(scripts.elevate, id, { ...by, ...trace, nowMs })))
    },

    async expireDue(partition, limit, nowMs) {
      const keys = keysOf(partition)
      return Number(await runner.run(scripts.expire, [keys.sessionsDue], { limit, nowMs, base: keys.base }))
    },

    async countActive(nowMs) {
      const counts = await runner.bounded(() => Promise.all(all.map((keys) => runner.redis.zcount(keys.sessionsDue, `(${nowMs}`, '+inf'))))
      return counts.reduce((sum, count) => sum + count, 0)
    },

    async days(days, nowMs) {
      const today = Math.floor(nowMs / DAY_MS)
      return Promise.all(
        Array.from({ length: days }, async (_, ago) => {
          const hashes = await runner.bounded(() => Promise.all(all.map((keys) => runner.redis.hgetall(keys.sessionDay(today - ago)))))
          return dayOf((today - ago) * DAY_MS, hashes)
        }),
      )
    },
  }
}

/** The reasons in a script's reply. */
export function unusualOf(reply: unknown): UnusualReason[] {
  return Array.isArray(reply) ? reply.map((word) => wordOf(unusualReasons, String(word))) : []
}

function dayOf(dayMs: number, hashes: readonly Record<string, string>[]): SessionDay {
  const sum = (word: string): number => hashes.reduce((total, hash) => total + Number(hash[word] ?? 0), 0)
  const ended = (reason: EndReason): number => sum(`ended:${reason}`)
  return {
    dayMs,
    created: sum('created'),
    ended: { sign_out: ended('sign_out'), expired: ended('expired'), displaced: ended('displaced') },
    steppedUp: sum('stepped_up'),
    unusual: sum('unusual'),
    tokensRevoked: sum('tokens_revoked'),
  }
}

function recordOf(id: string, fields: Record<string, string>): SessionRecord | null {
  if (!fields.owner) return null
  const metadata = Object.entries(fields).filter(([name]) => name.startsWith(metadataPrefix))
  return {
    id,
    owner: fields.owner,
    sequence: Number(fields.sequence),
    createdAtMs: Number(fields.createdAtMs),
    lastSeenAtMs: Number(fields.lastSeenAtMs),
    expiresAtMs: Number(fields.expiresAtMs),
    device: fields.device ?? '',
    metadata: Object.fromEntries(metadata.map(([name, value]) => [name.slice(metadataPrefix.length), value])),
    ...(fields.elevatedUntilMs ? { elevatedUntilMs: Number(fields.elevatedUntilMs) } : {}),
  }
}

function required(id: string, flat: unknown): SessionRecord {
  const record = recordOf(id, fieldsOf(flat))
  if (!record) throw new TypeError('a script gave no session back')
  return record
}

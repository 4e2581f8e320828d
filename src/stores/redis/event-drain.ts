// The drains' side of the event streams: a consumer group for each, read from the very beginning, trimmed behind the last of them.
import { createHash } from 'node:crypto'
import { drainNames, type DrainName, type EventStreams, type StreamEvent } from '../../domain/event-ports.ts'
import { formatId } from '../../lib/ids.ts'
import { keysOf } from './keys.ts'
import { script, type ScriptRunner } from './run-script.ts'
import { fieldsOf } from './verification-fields.ts'

/** One reader at a time, whoever it is: what it did not acknowledge is there for the next one. */
const consumer = 'drain'
/** As in the scripts that write: only bounds what a long outage of the drains may hold. */
const eventsKept = 1_000_000
const tailKept = 10_000
const mostTrimmed = 2_000

/** KEYS: stream. Argument: groups that must have read, the tail that stays, the most to remove. Removes nothing that any group has not acknowledged. */
const trimLua = `
-- before Redis 7 a script that asks for what may differ must say that its effects are replicated
if redis.replicate_commands then redis.replicate_commands() end
local a = cjson.decode(ARGV[1])
local excess = redis.call('XLEN', KEYS[1]) - a.tail
if excess <= 0 then return 0 end
local function parts(id)
  local ms, n = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(n)
end
local function is_before(one, other)
  local a, b = parts(one)
  local c, d = parts(other)
  return a < c or (a == c and b < d)
end
local groups, bound = 0, nil
for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local g = {}
  for i = 1, #flat, 2 do g[flat[i]] = flat[i + 1] end
  local at = g['last-delivered-id']
  if g.pending > 0 then at = redis.call('XPENDING', KEYS[1], g.name)[2] end
  if not bound or is_before(at, bound) then bound = at end
  groups = groups + 1
end
if groups < a.groups then return 0 end
local most = math.min(excess, a.most)
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', most + 1)
local first_kept = oldest[#oldest][1]
if is_before(bound, first_kept) then first_kept = bound end
return redis.call('XTRIM', KEYS[1], 'MINID', first_kept)
`

/** KEYS: stream. Argument: the group. The place of the oldest entry that it has not acknowledged, false when there is none. */
const oldestLua = `
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1])
if pending.err then
  local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
  return first[1] and first[1][1]
end
if pending[1] > 0 then return pending[2] end
for _, flat in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local g = {}
  for i = 1, #flat, 2 do g[flat[i]] = flat[i + 1] end
  if g.name == ARGV[1] then
    local first = redis.call('XRANGE', KEYS[1], '(' .. g['last-delivered-id'], '+', 'COUNT', 1)
    return first[1] and first[1][1]
  end
end
return false
`

const scripts = { trim: script(trimLua), oldest: script(oldestLua) }

type Entry = [position: string, flat: string[] | null]

export function createEventStreams(runner: ScriptRunner): EventStreams {
  const { redis } = runner
  const streamOf = (partition: number): string => keysOf(partition).events

  async function read(partition: number, drain: DrainName, limit: number, from: '0' | '>'): Promise<Entry[]> {
    const reply = await runner.bounded(() =>
      redis.xreadgroup('GROUP', drain, consumer, 'COUNT', limit, 'STREAMS', streamOf(partition), from),
    )
    return reply?.[0]?.[1] ?? []
  }

  async function createGroup(partition: number, drain: DrainName): Promise<void> {
    await runner.bounded(() =>
      // From 0: what was written before the first drain belongs to it as well.
      redis.xgroup('CREATE', streamOf(partition), drain, '0', 'MKSTREAM').catch((error: unknown) => {
        if (!isError(error, 'BUSYGROUP')) throw error
      }),
    )
  }

  return {
    async take(partition, drain, limit) {
      const entries = await readPendingFirst().catch(async (error: unknown) => {
        if (!isError(error instanceof Error ? error.cause : error, 'NOGROUP')) throw error
        await createGroup(partition, drain)
        return readPendingFirst()
      })
      return entries.map(([position, flat]) => eventOf(partition, position, fieldsOf(flat)))

      async function readPendingFirst(): Promise<Entry[]> {
        const pending = await read(partition, drain, limit, '0')
        // One that was removed from the stream before it was acknowledged can only be let go.
        const gone = pending.filter(([, flat]) => flat === null).map(([position]) => position)
        if (gone.length > 0) await runner.bounded(() => redis.xack(streamOf(partition), drain, ...gone))
        const left = pending.filter(([, flat]) => flat !== null)
        return pending.length > 0 ? left : read(partition, drain, limit, '>')
      }
    },

    async acknowledge(partition, drain, positions) {
      if (positions.length > 0) await runner.bounded(() => redis.xack(streamOf(partition), drain, ...positions))
    },

    async trim(partition) {
      return Number(await runner.run(scripts.trim, [streamOf(partition)], { groups: drainNames.length, tail: tailKept, most: mostTrimmed }))
    },

    async lagMs(partition, drain, nowMs) {
      const oldest = await runner.run(scripts.oldest, [streamOf(partition)], drain)
      return typeof oldest === 'string' ? Math.max(0, nowMs - Number(oldest.split('-', 1)[0])) : 0
    },

    async append({ id, partition, type, subject, sequence, data = {}, requestId, actor, atMs }) {
      const fields = [
        'type',
        type,
        'subject',
        subject,
        'sequence',
        sequence,
        'at',
        atMs,
        'requestId',
        requestId,
        'actor',
        actor,
        'eventId',
        id,
      ]
      await runner.bounded(() =>
        redis.xadd(streamOf(partition), 'MAXLEN', '~', eventsKept, '*', ...fields.map(String), 'data', JSON.stringify(data)),
      )
    },
  }
}

function isError(error: unknown, word: string): boolean {
  return error instanceof Error && error.message.startsWith(word)
}

/** Whatever an entry holds becomes an event: one that cannot be read must not stop those behind it. */
function eventOf(partition: number, position: string, fields: Record<string, string>): StreamEvent {
  const { type = 'event.unreadable', subject = '', requestId = '', actor = '' } = fields
  const [ms = '0'] = position.split('-', 1)
  const atMs = Number(fields.at)
  return {
    id: fields.eventId ?? idOf(partition, position, fields),
    partition,
    position,
    type,
    subject,
    sequence: Number.isSafeInteger(Number(fields.sequence)) ? Number(fields.sequence) : 0,
    atMs: Number.isFinite(atMs) && atMs > 0 ? Math.trunc(atMs) : Number(ms),
    requestId,
    actor,
    data: dataOf(fields.data),
  }
}

/** Derived from place and content, so that the same entry has the same id whenever it is taken. */
function idOf(partition: number, position: string, fields: Record<string, string>): string {
  const unique = createHash('sha256')
    .update(JSON.stringify([partition, position, fields]))
    .digest()
    .subarray(0, 16)
  return formatId('evt', { partition, keyTag: 0, traits: 0 }, unique)
}

function dataOf(text: string | undefined): Record<string, unknown> {
  try {
    const value = JSON.parse(text ?? '{}') as unknown
    // Lua writes an empty object as an empty list.
    if (Array.isArray(value)) return value.length === 0 ? {} : { values: value }
    return typeof value === 'object' && value !== null ? { ...value } : { value }
  } catch {
    return { unreadable: true }
  }
}

// The scripts of session UUIDs: one hash each, in the UUID's own partition. ARGV[1] is one JSON object with nowMs and base.

const shared = `
local function int(n) return string.format('%.0f', n) end
local a = cjson.decode(ARGV[1])
local now, base, uuid = a.nowMs, a.base, a.uuid
local GRACE_MS = 7 * 86400000
local due_key, unrecorded_key = base .. 'uuids:due', base .. 'uuids:unrecorded'
local function emit(verb, sequence, data)
  redis.call('XADD', base .. 'events', 'MAXLEN', '~', 1000000, '*', 'type', 'session_uuid.' .. verb, 'subject', 'session_uuid:' .. uuid,
    'sequence', int(sequence), 'at', int(now), 'requestId', a.requestId or '', 'actor', a.actor or '', 'data', data and cjson.encode(data) or '{}')
end
-- kept past its time until it was ended with its files
local function prolong(key, until_ms)
  redis.call('HSET', key, 'expiresAtMs', int(until_ms))
  redis.call('PEXPIREAT', key, int(until_ms + GRACE_MS))
  redis.call('ZADD', due_key, int(until_ms), uuid)
end
`

/** KEYS: reservation. First come, first served. */
export const reserveUuidLua = `${shared}
local key = KEYS[1]
if redis.call('HSETNX', key, 'owner', a.owner) == 0 then return 0 end
redis.call('HSET', key, 'reservedAtMs', int(now), 'sequence', 1)
if a.network then redis.call('HSET', key, 'network', a.network) end
prolong(key, a.expiresAtMs)
redis.call('ZADD', unrecorded_key, int(now), uuid)
emit('reserved', 1)
return 1
`

/** KEYS: reservation. */
export const validateUuidLua = `${shared}
local key = KEYS[1]
local seen = redis.call('HMGET', key, 'owner', 'expiresAtMs', 'withdrawn', 'network')
if not seen[1] then return 'unknown' end
if seen[3] then return 'foreign' end
local mine = false
for _, owner in ipairs(a.owners) do mine = mine or owner == seen[1] or owner == seen[4] end
if not mine then return 'foreign' end
if now >= tonumber(seen[2]) then return 'unknown' end
prolong(key, math.max(a.expiresAtMs, tonumber(seen[2])))
if seen[1] ~= a.owners[1] then
  redis.call('HSET', key, 'owner', a.owners[1])
  if not a.isAnonymous then redis.call('HDEL', key, 'network') end
  emit('claimed', redis.call('HINCRBY', key, 'sequence', 1))
end
return 'own'
`

/** KEYS: reservation. */
export const withdrawUuidLua = `${shared}
local key = KEYS[1]
redis.call('ZREM', unrecorded_key, uuid)
if redis.call('EXISTS', key) == 0 then return 0 end
redis.call('HSET', key, 'withdrawn', 1)
emit('withdrawn', redis.call('HINCRBY', key, 'sequence', 1))
return 1
`

/** KEYS: reservation. Nothing of it stays here; Postgres remembers that it was given out. */
export const abandonUuidLua = `${shared}
local key = KEYS[1]
local seen = redis.call('HMGET', key, 'expiresAtMs', 'sequence')
if seen[1] and now < tonumber(seen[1]) then return 0 end
redis.call('ZREM', due_key, uuid)
redis.call('DEL', key)
if not seen[1] then return 0 end
emit('abandoned', seen[2] + 1)
return 1
`

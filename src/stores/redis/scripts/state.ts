// The scripts of temporary state. A record is one hash; its data is sealed; indexes and deadline lie in the same slot.
// ARGV[1] is one JSON object with nowMs, base, kind, id; the record's own list of indexes tells what to take it out of.

/** What every script of state shares: names of keys, events, hourly numbers. */
export const stateLua = `
local function int(n) return string.format('%.0f', n) end
local a = cjson.decode(ARGV[1])
local now, base = a.nowMs, a.base
local EVENTS_KEPT = 1000000
local HOUR_MS, STATISTICS_KEPT_MS = 3600000, 93600000
local MOST_TALLIES = 200
local FACT = 'f:'
local ENDED = 'ended:'
local CONSUMED = 'consumed'

local function record_key(kind, id) return base .. 'state:' .. kind .. ':' .. id end
local function index_key(kind, name) return base .. 'index:' .. kind .. ':' .. name end

-- counts a word within this hour
local function note(kind, word, by)
  local key = base .. 'statistics:' .. kind .. ':' .. int(math.floor(now / HOUR_MS))
  if redis.call('HINCRBY', key, word, by or 1) == (by or 1) then redis.call('PEXPIRE', key, STATISTICS_KEPT_MS) end
end

-- counts a change under its tally; who invents ever new ones within an hour is counted as 'other'
local function note_tally(kind, verb, tally)
  local key = base .. 'statistics:' .. kind .. ':' .. int(math.floor(now / HOUR_MS))
  local isKnown = false
  for _, each in ipairs({ 'created:', 'consumed:', 'expired:' }) do
    isKnown = isKnown or redis.call('HEXISTS', key, each .. tally) == 1
  end
  if not isKnown then
    if tonumber(redis.call('HGET', key, 'tallies') or 0) >= MOST_TALLIES then tally = 'other' else redis.call('HINCRBY', key, 'tallies', 1) end
  end
  note(kind, verb .. ':' .. tally)
end

local function note_failures(kind)
  if (a.failures or 0) > 0 then note(kind, 'failed', a.failures) end
end

local function facts_of(key)
  local flat, facts = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do
    if string.sub(flat[i], 1, 2) == FACT then facts[string.sub(flat[i], 3)] = flat[i + 1] end
  end
  return facts
end

local function emit(kind, id, version, verb, facts)
  if a.isSilent then return end
  local data = next(facts or {}) and cjson.encode({ facts = facts }) or '{}'
  redis.call('XADD', base .. 'events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'type', kind .. '.' .. verb, 'subject', kind .. ':' .. id,
    'sequence', version, 'at', int(now), 'requestId', a.requestId or '', 'actor', a.actor or '', 'data', data)
end

local function has_facts(key, facts)
  for name, value in pairs(facts or {}) do
    if redis.call('HGET', key, FACT .. name) ~= value then return false end
  end
  return true
end

-- missing, used, expired, or nil when the record is active
local function refusal(key)
  local seen = redis.call('HMGET', key, 'status', 'expiresAtMs')
  note_failures(a.kind)
  if not seen[1] then
    note(a.kind, 'missing')
    return 'missing'
  end
  note(a.kind, 'found')
  if now >= tonumber(seen[2]) or seen[1] == 'expired' then return 'expired' end
  if seen[1] == 'consumed' then return 'used' end
end

local function tally_of(key) return redis.call('HGET', key, 'tally') or '' end

-- moves a record from its indexes to others of the same names; what is in 'indexes' is what it is in
local function relist(kind, id, key, prefix)
  local seen = redis.call('HMGET', key, 'indexes', 'order')
  local names = {}
  for _, name in ipairs(cjson.decode(seen[1] or '[]')) do
    redis.call('ZREM', index_key(kind, name), id)
    names[#names + 1] = prefix .. name
    redis.call('ZADD', index_key(kind, prefix .. name), seen[2], id)
  end
  redis.call('HSET', key, 'indexes', cjson.encode(names))
end

local function list_also(kind, id, key, name)
  local seen = redis.call('HMGET', key, 'indexes', 'order')
  local names = cjson.decode(seen[1] or '[]')
  names[#names + 1] = name
  redis.call('ZADD', index_key(kind, name), seen[2], id)
  redis.call('HSET', key, 'indexes', cjson.encode(names))
end

local function count(counts)
  for _, each in ipairs(counts or {}) do redis.call('HINCRBY', base .. 'count:' .. each[1], each[2], 1) end
end

local function count_expiry(key)
  local counts = redis.call('HGET', key, 'onExpiry')
  if counts then count(cjson.decode(counts)) end
end

local function forget(kind, id, key)
  for _, name in ipairs(cjson.decode(redis.call('HGET', key, 'indexes') or '[]')) do redis.call('ZREM', index_key(kind, name), id) end
  redis.call('ZREM', base .. 'state:due', kind .. ':' .. id)
  redis.call('DEL', key)
end
`

/** KEYS: record. */
export const createStateLua = `${stateLua}
local key = KEYS[1]
note_failures(a.kind)
if redis.call('EXISTS', key) == 1 then
  if not a.replacesEnded or not refusal(key) then return 0 end
  if redis.call('HGET', key, 'status') == 'active' then count_expiry(key) end
  forget(a.kind, a.id, key)
end
-- rises within the partition, whatever the clocks of those who create; comparable between partitions
local order = math.max(now * 4096, tonumber(redis.call('GET', base .. 'state:order') or 0) + 1)
redis.call('SET', base .. 'state:order', int(order))
local fields = { 'version', 1, 'status', 'active', 'createdAtMs', int(now), 'updatedAtMs', int(now), 'expiresAtMs', int(a.expiresAtMs),
  'order', int(order), 'indexes', next(a.indexes) and cjson.encode(a.indexes) or '[]', 'sealed', a.sealed }
local function put(name, value)
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
for name, value in pairs(a.facts) do put(FACT .. name, value) end
if a.about then put('about', a.about) end
if a.tally then put('tally', a.tally) end
if a.onExpiry then put('onExpiry', a.onExpiry) end
redis.call('HSET', key, unpack(fields))
redis.call('PEXPIREAT', key, int(a.expiresAtMs + a.graceMs))
redis.call('ZADD', base .. 'state:due', int(a.expiresAtMs), a.kind .. ':' .. a.id)
for _, name in ipairs(a.indexes) do redis.call('ZADD', index_key(a.kind, name), int(order), a.id) end
note_tally(a.kind, 'created', a.tally or '')
count(a.counts)
emit(a.kind, a.id, 1, 'created', a.facts)
return 1
`

/** KEYS: record. All its fields, none when there is no such record. */
export const readStateLua = `${stateLua}
local flat = redis.call('HGETALL', KEYS[1])
note_failures(a.kind)
note(a.kind, #flat > 0 and 'found' or 'missing')
return flat
`

/** KEYS: record. Compare and set: another version answers with what is there. */
export const updateStateLua = `${stateLua}
local key = KEYS[1]
local refused = refusal(key)
if refused then return { refused } end
if tonumber(redis.call('HGET', key, 'version')) ~= a.version or not has_facts(key, a.expects) then
  return { 'conflict', redis.call('HGETALL', key) }
end
local version = redis.call('HINCRBY', key, 'version', 1)
redis.call('HSET', key, 'sealed', a.sealed, 'updatedAtMs', int(now))
for name, value in pairs(a.facts or {}) do redis.call('HSET', key, FACT .. name, value) end
if a.onExpiry then redis.call('HSET', key, 'onExpiry', a.onExpiry) end
count(a.counts)
if a.expiresAtMs then
  redis.call('HSET', key, 'expiresAtMs', int(a.expiresAtMs))
  redis.call('PEXPIREAT', key, int(a.expiresAtMs + a.graceMs))
  redis.call('ZADD', base .. 'state:due', int(a.expiresAtMs), a.kind .. ':' .. a.id)
end
emit(a.kind, a.id, version, 'updated', facts_of(key))
return { 'updated', redis.call('HGETALL', key) }
`

/** KEYS: record. Gives the data out once; what stays knows only that it was used. */
export const consumeStateLua = `${stateLua}
local key = KEYS[1]
local refused = refusal(key)
if refused then return { refused } end
for name, value in pairs(a.facts) do
  if redis.call('HGET', key, FACT .. name) ~= value then return { 'mismatch', name } end
end
if a.version and tonumber(redis.call('HGET', key, 'version')) ~= a.version then return { 'conflict' } end
count(a.counts)
local taken = redis.call('HGETALL', key)
local version = redis.call('HINCRBY', key, 'version', 1)
redis.call('HSET', key, 'status', 'consumed', 'updatedAtMs', int(now))
redis.call('HDEL', key, 'sealed')
list_also(a.kind, a.id, key, CONSUMED)
if a.keptUntilMs and a.keptUntilMs > tonumber(redis.call('HGET', key, 'expiresAtMs')) then
  redis.call('HSET', key, 'expiresAtMs', int(a.keptUntilMs))
  redis.call('PEXPIREAT', key, int(a.keptUntilMs + a.graceMs))
  redis.call('ZADD', base .. 'state:due', int(a.keptUntilMs), a.kind .. ':' .. a.id)
end
note_tally(a.kind, 'consumed', tally_of(key))
emit(a.kind, a.id, version, 'consumed', facts_of(key))
return { 'consumed', taken }
`

/** KEYS: record. */
export const removeStateLua = `${stateLua}
local key = KEYS[1]
note_failures(a.kind)
local seen = redis.call('HMGET', key, 'version', 'expiresAtMs', 'status')
if not seen[1] then return 0 end
if a.seen and (seen[3] ~= 'active' or tonumber(seen[1]) ~= a.seen.version or not has_facts(key, a.seen.facts)) then return 0 end
local facts = facts_of(key)
forget(a.kind, a.id, key)
if now >= tonumber(seen[2]) then return 0 end
count(a.counts)
emit(a.kind, a.id, seen[1] + 1, 'deleted', facts)
return 1
`

/** KEYS: record. */
export const expireStateLua = `${stateLua}
local key = KEYS[1]
if refusal(key) then return 0 end
count_expiry(key)
local version = redis.call('HINCRBY', key, 'version', 1)
redis.call('HSET', key, 'status', 'expired', 'updatedAtMs', int(now))
redis.call('HDEL', key, 'sealed')
relist(a.kind, a.id, key, ENDED)
note_tally(a.kind, 'expired', tally_of(key))
emit(a.kind, a.id, version, 'expired', facts_of(key))
return 1
`

/** How a walk goes through several indexes at once, newest first, each record once; all indexes of a partition share the order of a record. */
const walkLua = `
local BATCH = 100
local lanes = {}
local function fill(lane)
  if lane.at <= #lane.pairs or lane.done then return end
  lane.pairs = redis.call('ZREVRANGEBYSCORE', lane.key, lane.from, '-inf', 'WITHSCORES', 'LIMIT', 0, BATCH)
  lane.at = 1
  if #lane.pairs == 0 then lane.done = true else lane.from = '(' .. lane.pairs[#lane.pairs] end
end
for i, key in ipairs(KEYS) do
  lanes[i] = { key = key, pairs = {}, at = 1, from = a.before and int(a.before.order) or '+inf' }
  fill(lanes[i])
end

-- the next id and its order, or nil
local function step()
  local id, order
  for _, lane in ipairs(lanes) do
    local at = lane.pairs[lane.at + 1] and tonumber(lane.pairs[lane.at + 1])
    if at and (not order or at > order) then id, order = lane.pairs[lane.at], at end
  end
  if not id then return nil end
  for _, lane in ipairs(lanes) do
    if lane.pairs[lane.at] == id then
      lane.at = lane.at + 2
      fill(lane)
    end
  end
  if a.before and order == a.before.order and id >= a.before.id then return step() end
  return id, order
end

local fields, wanted = { 'status', 'expiresAtMs' }, {}
for name, values in pairs(a.facts or {}) do
  fields[#fields + 1] = FACT .. name
  local set = {}
  for _, value in ipairs(type(values) == 'table' and values or { values }) do set[value] = true end
  wanted[#fields] = set
end

local function fits(id)
  local seen = redis.call('HMGET', record_key(a.kind, id), unpack(fields))
  if not seen[1] then
    -- Redis forgot the record before any sweep came: so does the index
    for _, index in ipairs(KEYS) do redis.call('ZREM', index, id) end
    return false
  end
  if now >= tonumber(seen[2]) then return false end
  if a.status == 'expiring_soon' then
    if seen[1] ~= 'active' or tonumber(seen[2]) - now >= a.soonMs then return false end
  elseif a.status == 'active' then
    if seen[1] ~= 'active' or tonumber(seen[2]) - now < a.soonMs then return false end
  elseif a.status and seen[1] ~= a.status then return false end
  for at, set in pairs(wanted) do
    if not set[seen[at]] then return false end
  end
  return true
end
`

/**
 * KEYS: indexes of one partition. The records that fit, and where the walk stopped early, if it did. What is past its time is skipped: the sweep will
 * take it out.
 */
export const pageStatesLua = `${stateLua}${walkLua}
local found, examined, more, reached = {}, 0, 0, {}
while true do
  local id, order = step()
  if not id then break end
  if examined >= a.most then
    more = 1
    break
  end
  examined = examined + 1
  reached = { int(order), id }
  if fits(id) then
    if #found >= a.first then
      more, reached = 1, {}
      break
    end
    found[#found + 1] = { id, redis.call('HGETALL', record_key(a.kind, id)) }
  end
end
if more == 0 then reached = {} end
return { found, more, reached }
`

/** KEYS: indexes of one partition. How many fit among the next `most`, how many were looked at, and where it stopped, if there is more. */
export const countStatesLua = `${stateLua}${walkLua}
local count, examined, last = 0, 0, {}
while true do
  local id, order = step()
  if not id then return { count, examined, {} } end
  if examined >= a.most then return { count, examined, last } end
  examined = examined + 1
  last = { int(order), id }
  if fits(id) then count = count + 1 end
end
`

/**
 * KEYS: indexes of one partition. How many records they hold together, each once: their sizes, less what several hold, less what is past its time and
 * not swept yet (of which at most `mostDue` are looked at).
 */
export const sizeOfIndexesLua = `${stateLua}
local function intersection(keys)
  local answer = redis.pcall('ZINTERCARD', #keys, unpack(keys))
  if type(answer) == 'number' then return answer end
  return #redis.call('ZINTER', #keys, unpack(keys))
end
local total = 0
-- inclusion and exclusion over every choice of the indexes
for choice = 1, 2 ^ #KEYS - 1 do
  local keys, rest = {}, choice
  for i = 1, #KEYS do
    if rest % 2 == 1 then keys[#keys + 1] = KEYS[i] end
    rest = math.floor(rest / 2)
  end
  local size = #keys == 1 and redis.call('ZCARD', keys[1]) or intersection(keys)
  total = total + (#keys % 2 == 1 and size or -size)
end
local due = redis.call('ZRANGEBYSCORE', base .. 'state:due', '-inf', int(now), 'LIMIT', 0, a.mostDue)
for _, member in ipairs(due) do
  local kind, id = string.match(member, '^([^:]+):(.+)$')
  if kind == a.kind then
    for _, key in ipairs(KEYS) do
      if redis.call('ZSCORE', key, id) then
        total = total - 1
        break
      end
    end
  end
end
return total
`

/** KEYS: due. Takes out what is past its time, with every trace of it. */
export const sweepStatesLua = `${stateLua}
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', int(now), 'LIMIT', 0, a.limit)
local kinds = {}
for _, member in ipairs(due) do
  local kind, id = string.match(member, '^([^:]+):(.+)$')
  local key = record_key(kind, id)
  local seen = redis.call('HMGET', key, 'version', 'status')
  if seen[2] == 'active' then
    note_tally(kind, 'expired', tally_of(key))
    count_expiry(key)
    emit(kind, id, seen[1] + 1, 'expired', facts_of(key))
  end
  forget(kind, id, key)
  kinds[#kinds + 1] = kind
end
return kinds
`

/** KEYS: the mark of a used id. First come, first served. */
export const spendIdLua = `${stateLua}
note_failures(a.kind)
if not redis.call('SET', KEYS[1], '1', 'NX', 'PXAT', int(a.expiresAtMs)) then return 0 end
note_tally(a.kind, 'consumed', a.tally)
emit(a.kind, a.id, 2, 'consumed', a.facts)
return 1
`

/** KEYS: any of the partition. Counts one that the store does not hold, and tells of it. */
export const noteCreatedLua = `${stateLua}
note_tally(a.kind, 'created', a.tally)
emit(a.kind, a.id, 1, 'created', a.facts)
return 1
`

/** KEYS: due. The numbers of a kind in one partition: listed, consumed, ending soon (of at most `mostDue` looked at), and each hour's words. */
export const stateNumbersLua = `${stateLua}
local soon = 0
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. int(now), '(' .. int(now + a.soonMs), 'LIMIT', 0, a.mostDue)
for _, member in ipairs(due) do
  local kind, id = string.match(member, '^([^:]+):(.+)$')
  if kind == a.kind and redis.call('HGET', record_key(kind, id), 'status') == 'active' then soon = soon + 1 end
end
local hours = {}
for i, hour in ipairs(a.hours) do hours[i] = redis.call('HGETALL', base .. 'statistics:' .. a.kind .. ':' .. int(hour)) end
return { soon, hours }
`

/** KEYS: the stream. Adds events that come with no change of a record. */
export const appendEventsLua = `${stateLua}
for _, e in ipairs(a.events) do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', EVENTS_KEPT, '*', 'type', e.type, 'subject', e.subject, 'sequence', e.sequence,
    'at', int(now), 'requestId', a.requestId or '', 'actor', a.actor or '', 'data', e.data)
end
return #a.events
`

// The scripts of uploads. A record is one hash, what the blob store must remember is a second one beside it; indexes, deadlines and the intent of the
// finalisation lie in the same slot. ARGV[1] is one JSON object with nowMs, base and id.

const shared = `
local function int(n) return string.format('%.0f', n) end
local a = cjson.decode(ARGV[1])
local now, base = a.nowMs, a.base
local EVENTS_KEPT = 1000000
local OPEN = { initialized = true, uploading = true }
local ENDED = { rejected = true, failed = true, expired = true }

local function record_key(id) return base .. 'upload:' .. id end
local function blob_key(id) return base .. 'upload:' .. id .. ':blob' end

local function hash(key)
  local flat, fields = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

-- adds one to the sequence and tells the world: no change of state is without its event
local function emit(id, r, verb, trace)
  r.sequence = redis.call('HINCRBY', record_key(id), 'sequence', 1)
  local data = { status = r.status, uploadType = r.uploadType, receivedBytes = r.offset, totalBytes = r.length, reason = r.reason, stage = r.stage,
    sha256 = r.sha256, scan = r.scan, mediaType = r.mediaType }
  redis.call('XADD', base .. 'events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'type', 'upload.' .. verb, 'subject', 'upload:' .. id, 'sequence', r.sequence,
    'at', int(now), 'requestId', (trace and trace.requestId) or r.requestId or '', 'actor', (trace and trace.actor) or r.owner or '', 'data', cjson.encode(data))
end

-- bytes may still come, or at least a final upload that takes this part
local function is_waiting(r)
  return OPEN[r.status] or (r.status == 'completed' and r.concat == 'partial' and not r.usedBy)
end

local function is_late(r) return is_waiting(r) and now >= tonumber(r.expiresAtMs) end

local function is_locked(r) return r.lockToken and now < tonumber(r.lockUntilMs or 0) end

local function intend(id, inspect_after)
  local job_id = 'upload.finalise.' .. id
  redis.call('ZADD', base .. 'intents', int(now + inspect_after), job_id)
  redis.call('HSET', base .. 'intents:jobs', job_id, cjson.encode({ name = 'upload.finalise', payload = { uploadId = id } }))
end

local function drop_intent(id)
  local job_id = 'upload.finalise.' .. id
  redis.call('ZREM', base .. 'intents', job_id)
  redis.call('HDEL', base .. 'intents:jobs', job_id)
end

-- puts an upload into a final state; its bytes go after the grace, or never when there is none
local function finish(id, r, status, reason, verb, grace, kept, trace)
  local key = record_key(id)
  r.status, r.reason = status, reason
  redis.call('HSET', key, 'status', status)
  if reason then redis.call('HSET', key, 'reason', reason) end
  redis.call('HDEL', key, 'lockToken', 'lockUntilMs')
  redis.call('ZREM', base .. 'uploads:due', id)
  redis.call('ZREM', base .. 'uploads:open:' .. r.ownerIndex, id)
  if grace then redis.call('ZADD', base .. 'uploads:remove', int(now + grace), id .. ' ' .. r.key) end
  redis.call('PEXPIREAT', key, int(now + kept))
  redis.call('PEXPIREAT', blob_key(id), int(now + kept))
  emit(id, r, verb, trace)
end

local function finish_parts(r, kept)
  for _, part in ipairs(cjson.decode(r.parts or '[]')) do
    local p = hash(record_key(part))
    if p.status == 'completed' then finish(part, p, 'expired', 'concatenated', 'expired', 0, kept) end
  end
end

local function change_blob(id, change)
  for field, value in pairs(change.set) do redis.call('HSET', blob_key(id), field, value) end
  for _, field in ipairs(change.remove) do redis.call('HDEL', blob_key(id), field) end
end

local function is_fenced(r) return tonumber(r.fenceJobMs or 0) == a.fence.jobMs and tonumber(r.fenceStarts or 0) == a.fence.starts end
`

/** KEYS: the session's own. Its first user owns it; a user takes over what was anonymous. */
export const bindSessionLua = `
local a = cjson.decode(ARGV[1])
local held = redis.call('HMGET', KEYS[1], 'owner', 'anonymous')
if held[1] and held[1] ~= a.owner and (a.isAnonymous or held[2] == '0') then return 0 end
redis.call('HSET', KEYS[1], 'owner', a.owner, 'anonymous', a.isAnonymous and '1' or '0')
redis.call('PEXPIRE', KEYS[1], a.keptMs)
return 1
`

/** KEYS: record. Limits, parts, record, indexes, event; and the intent when nothing more is to come. */
export const createUploadLua = `${shared}
local u, key = a.upload, KEYS[1]
-- this very creation was committed before and its reply lost
if redis.call('EXISTS', key) == 1 then return { 'created', redis.call('HGETALL', key) } end
local open_key = base .. 'uploads:open:' .. u.ownerIndex
if u.concat == 'final' then
  local total = 0
  for _, part in ipairs(u.parts) do
    local p = hash(record_key(part))
    if p.status ~= 'completed' or p.concat ~= 'partial' or p.usedBy or p.owner ~= u.owner or is_late(p) then return { 'bad_part' } end
    total = total + tonumber(p.length)
  end
  if total > u.maxBytes then return { 'too_large' } end
  u.length = total
  for _, part in ipairs(u.parts) do
    -- the same part twice is one too many
    if redis.call('HSETNX', record_key(part), 'usedBy', a.id) == 0 then
      for _, other in ipairs(u.parts) do redis.call('HDEL', record_key(other), 'usedBy') end
      return { 'bad_part' }
    end
  end
  for _, part in ipairs(u.parts) do
    redis.call('ZREM', base .. 'uploads:due', part)
    redis.call('ZREM', open_key, part)
  end
else
  local ids = redis.call('ZRANGE', open_key, 0, -1)
  local expected = u.length or 0
  for _, other in ipairs(ids) do
    local seen = redis.call('HMGET', record_key(other), 'length', 'offset')
    if seen[1] then expected = expected + tonumber(seen[1]) - tonumber(seen[2]) end
  end
  if #ids >= a.maxOpen then return { 'too_many' } end
  if expected > a.maxOpenBytes then return { 'no_room' } end
end
local is_whole = u.concat == 'final' or u.length == 0
local offset = u.concat == 'final' and u.length or 0
local fields = { 'status', is_whole and 'completed' or 'initialized', 'sequence', 0, 'offset', int(offset), 'chunks', 0, 'chunkBytes', 0,
  'fence', 0, 'requestId', a.requestId }
for name, value in pairs(u) do
  fields[#fields + 1] = name
  if type(value) == 'number' then fields[#fields + 1] = int(value)
  elseif type(value) == 'table' then fields[#fields + 1] = cjson.encode(value)
  elseif type(value) == 'boolean' then fields[#fields + 1] = value and '1' or '0'
  else fields[#fields + 1] = value end
end
redis.call('HSET', key, unpack(fields))
redis.call('ZADD', base .. 'uploads:of:' .. u.ownerIndex, int(u.createdAtMs), a.id)
redis.call('ZADD', base .. 'uploads:all', int(u.createdAtMs), a.id)
local r = hash(key)
if is_waiting(r) then
  redis.call('ZADD', base .. 'uploads:due', int(u.expiresAtMs), a.id)
  redis.call('ZADD', open_key, int(u.createdAtMs), a.id)
end
emit(a.id, r, 'initialized', a)
if is_whole then
  emit(a.id, r, 'completed', a)
  if u.concat ~= 'partial' then intend(a.id, a.inspectAfterMs) end
end
return { 'created', redis.call('HGETALL', key) }
`

/** KEYS: record. One writer at a time: a token for it, and a fence that rises with each. */
export const lockLua = `${shared}
local key = KEYS[1]
local r = hash(key)
if not r.status then return { 'missing' } end
if is_locked(r) then return { 'locked', math.ceil(tonumber(r.lockUntilMs) - now) } end
if is_late(r) then finish(a.id, r, 'expired', nil, 'expired', a.expiredGraceMs, a.keptMs, a) end
if not OPEN[r.status] then return { 'ended', redis.call('HGETALL', key) } end
-- a holder that vanished may still be writing
local is_clean = r.lockToken and 0 or 1
if is_clean == 0 then redis.call('HSET', blob_key(a.id), 'stolen', '1') end
local fence = redis.call('HINCRBY', key, 'fence', 1)
redis.call('HSET', key, 'lockToken', a.token, 'lockUntilMs', int(now + a.leaseMs))
return { 'held', fence, is_clean, redis.call('HGETALL', key), redis.call('HGETALL', blob_key(a.id)) }
`

/** KEYS: record. */
export const renewLua = `${shared}
if redis.call('HGET', KEYS[1], 'lockToken') ~= a.token then return 0 end
redis.call('HSET', KEYS[1], 'lockUntilMs', int(now + a.leaseMs))
return 1
`

/** KEYS: record. After an unclean end the next holder is told. */
export const releaseLua = `${shared}
if redis.call('HGET', KEYS[1], 'lockToken') ~= a.token then return 0 end
if a.isClean then redis.call('HDEL', KEYS[1], 'lockToken', 'lockUntilMs')
else redis.call('HSET', KEYS[1], 'lockUntilMs', 0) end
return 1
`

/** KEYS: record. A deferred length is fixed once. */
export const declareLengthLua = `${shared}
local r = hash(KEYS[1])
if r.lockToken ~= a.token or r.length then return 0 end
redis.call('HSET', KEYS[1], 'length', int(a.length))
return 1
`

/** KEYS: record. Counts bytes that are durable; only the holder can, and only from where the upload stands. */
export const advanceLua = `${shared}
local key = KEYS[1]
local r = hash(key)
if not OPEN[r.status] or r.lockToken ~= a.token or tonumber(r.offset) ~= a.from or a.to < a.from then return 'lost' end
change_blob(a.id, a.change)
local is_last = r.length and tonumber(r.length) == a.to
r.offset, r.status = int(a.to), is_last and 'completed' or 'uploading'
redis.call('HSET', key, 'offset', r.offset, 'status', r.status, 'expiresAtMs', int(now + a.idleMs), 'lockUntilMs', int(now + a.leaseMs))
if a.isChunk then
  redis.call('HINCRBY', key, 'chunks', 1)
  redis.call('HSET', key, 'chunkBytes', int(math.max(tonumber(r.chunkBytes), a.chunkBytes)))
end
if not is_last then
  redis.call('ZADD', base .. 'uploads:due', int(now + a.idleMs), a.id)
  if a.to > a.from then emit(a.id, r, 'progressed', a) end
  return 'advanced'
end
redis.call('HDEL', key, 'lockToken', 'lockUntilMs')
if r.concat == 'partial' then redis.call('ZADD', base .. 'uploads:due', int(now + a.idleMs), a.id)
else
  redis.call('ZREM', base .. 'uploads:due', a.id)
  redis.call('ZREM', base .. 'uploads:open:' .. r.ownerIndex, a.id)
  intend(a.id, a.inspectAfterMs)
end
emit(a.id, r, 'completed', a)
return 'completed'
`

/** KEYS: record. Back to where the bytes are whole. */
export const rewindLua = `${shared}
local r = hash(KEYS[1])
if r.lockToken ~= a.token then return 0 end
change_blob(a.id, a.change)
r.offset = int(a.to)
redis.call('HSET', KEYS[1], 'offset', r.offset)
emit(a.id, r, 'rewound', a)
return 1
`

/** KEYS: record. */
export const terminateLua = `${shared}
local r = hash(KEYS[1])
if not r.status then return 'missing' end
if ENDED[r.status] then return 'ended' end
if is_locked(r) then return 'locked' end
if not is_waiting(r) then return 'completed' end
finish(a.id, r, 'expired', 'terminated', 'terminated', 0, a.keptMs, a)
return 'terminated'
`

/** KEYS: record. A worker takes the finalisation; a later run supersedes an earlier one. */
export const claimFinaliseLua = `${shared}
local key = KEYS[1]
local r = hash(key)
if not r.status then
  drop_intent(a.id)
  return { 'done', 'missing' }
end
if r.status ~= 'completed' and r.status ~= 'finalising' then
  if not OPEN[r.status] then drop_intent(a.id) end
  return { 'done', r.status }
end
if r.concat == 'partial' then return { 'done', r.status } end
local job, starts = tonumber(r.fenceJobMs or 0), tonumber(r.fenceStarts or 0)
if a.fence.jobMs < job or (a.fence.jobMs == job and a.fence.starts < starts) then return { 'done', 'stale' } end
redis.call('HSET', key, 'fenceJobMs', int(a.fence.jobMs), 'fenceStarts', a.fence.starts)
if r.status == 'completed' then
  r.status = 'finalising'
  redis.call('HSET', key, 'status', 'finalising')
  emit(a.id, r, 'finalising')
end
local parts = {}
for _, part in ipairs(cjson.decode(r.parts or '[]')) do
  parts[#parts + 1] = { redis.call('HGET', record_key(part), 'key'), redis.call('HGETALL', blob_key(part)) }
end
return { 'go', redis.call('HGETALL', key), redis.call('HGETALL', blob_key(a.id)), parts }
`

/** KEYS: record. */
export const noteStageLua = `${shared}
local key = KEYS[1]
local r = hash(key)
if r.status ~= 'finalising' or not is_fenced(r) then return 0 end
r.stage = a.stage
redis.call('HSET', key, 'stage', a.stage)
for name, value in pairs(a.facts) do
  r[name] = value
  redis.call('HSET', key, name, value)
end
emit(a.id, r, 'finalising')
return r.sequence
`

/** KEYS: record. The end of a finalisation: status, event and what becomes of the bytes in one step. */
export const settleLua = `${shared}
local key = KEYS[1]
local r = hash(key)
if r.status ~= 'finalising' or not is_fenced(r) then return 0 end
drop_intent(a.id)
finish_parts(r, a.keptMs)
if a.verdict.kind == 'stored' then
  redis.call('HSET', key, 'storedAtMs', int(now))
  redis.call('ZREM', base .. 'uploads:of:' .. r.ownerIndex, a.id)
  redis.call('ZREM', base .. 'uploads:all', a.id)
  finish(a.id, r, 'stored', nil, 'stored', nil, a.storedKeptMs)
else
  finish(a.id, r, a.verdict.kind, a.verdict.reason, a.verdict.kind, a.verdict.kind == 'failed' and a.failedGraceMs or 0, a.keptMs)
end
return 1
`

/** KEYS: record. The job ended and did not settle: so does the upload. */
export const abandonUploadLua = `${shared}
local r = hash(KEYS[1])
drop_intent(a.id)
if r.status ~= 'completed' and r.status ~= 'finalising' then return 0 end
finish_parts(r, a.keptMs)
finish(a.id, r, 'failed', 'internal', 'failed', a.failedGraceMs, a.keptMs)
return 1
`

/** KEYS: due. */
export const expireUploadsLua = `${shared}
local expired = 0
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', int(now), 'LIMIT', 0, a.limit)) do
  local r = hash(record_key(id))
  expired = expired + 1
  if is_late(r) and not is_locked(r) then finish(id, r, 'expired', nil, 'expired', a.expiredGraceMs, a.keptMs)
  elseif is_locked(r) then redis.call('ZADD', KEYS[1], int(now + a.leaseMs), id)
  else redis.call('ZREM', KEYS[1], id) end
end
return expired
`

/** KEYS: remove. Only what has ended without being stored, however the list came to name it. */
export const dueRemovalsLua = `${shared}
local due = {}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', int(now), 'LIMIT', 0, a.limit)) do
  local id, key = string.match(member, '^(%S+) (%S+)$')
  local status = id and redis.call('HGET', record_key(id), 'status')
  if id and (not status or ENDED[status]) then due[#due + 1] = { id, key, redis.call('HGETALL', blob_key(id)) }
  else redis.call('ZREM', KEYS[1], member) end
end
return due
`

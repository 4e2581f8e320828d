// The scripts of documents. A record is one hash; the intents of its stages lie in the same slot. ARGV[1] is one JSON object with nowMs, base, id,
// the stages in their order, their weights and what follows them.

const shared = `
local function int(n) return string.format('%.0f', n) end
local a = cjson.decode(ARGV[1])
local now, base, key = a.nowMs, a.base, KEYS[1]
local EVENTS_KEPT = 1000000
local OPEN = { queued = true, processing = true }

local function hash()
  local flat, fields = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

local function set(r, field, value)
  r[field] = tostring(value)
  redis.call('HSET', key, field, r[field])
end

local function intend(job)
  local job_id = 'document.' .. job .. '.' .. a.id
  redis.call('ZADD', base .. 'intents', int(now + a.inspectAfterMs), job_id)
  redis.call('HSET', base .. 'intents:jobs', job_id, cjson.encode({ name = 'document.' .. job, payload = { documentId = a.id } }))
end

local function drop_intent(job)
  local job_id = 'document.' .. job .. '.' .. a.id
  redis.call('ZREM', base .. 'intents', job_id)
  redis.call('HDEL', base .. 'intents:jobs', job_id)
end

-- adds one to the sequence and tells the world: no change of state is without its event
local function emit(r, verb, trace)
  r.sequence = redis.call('HINCRBY', key, 'sequence', 1)
  local data = { status = r.status, step = r.step ~= '' and r.step or nil, progress = tonumber(r.progress), pages = tonumber(r.pages or ''), reason = r.reason,
    uploadId = r.uploadId }
  redis.call('XADD', base .. 'events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'type', 'document.' .. verb, 'subject', 'document:' .. a.id, 'sequence', r.sequence,
    'at', int(now), 'requestId', (trace and trace.requestId) or r.requestId or '', 'actor', (trace and trace.actor) or r.owner or '', 'data', cjson.encode(data))
end

-- step and progress follow from the stages
local function measure(r)
  local progress, step = 0, ''
  for _, stage in ipairs(a.stages) do
    local is_waiting = r['s:' .. stage] == 'waiting'
    progress = progress + a.weights[stage] * (is_waiting and tonumber(r['p:' .. stage] or 0) / 100 or 1)
    if is_waiting and step == '' then step = stage end
  end
  if not OPEN[r.status] then progress, step = 100, '' end
  set(r, 'progress', int(math.floor(math.max(progress, tonumber(r.progress or 0)))))
  set(r, 'step', step)
end

local function finish(r, status, reason)
  set(r, 'status', status)
  if reason then set(r, 'reason', reason) end
  set(r, 'endedAtMs', int(now))
  for _, stage in ipairs(a.stages) do drop_intent(stage) end
  measure(r)
  intend('record')
  emit(r, status)
end

-- settles a stage; the names of those that are owed now
local function settle(r, stage, verdict)
  drop_intent(stage)
  local next = {}
  if verdict.pages then set(r, 'pages', int(verdict.pages)) end
  if verdict.model then set(r, 'model', verdict.model) end
  local is_end = verdict.status == 'rejected' or verdict.status == 'quarantined'
  set(r, 's:' .. stage, is_end and 'failed' or verdict.status)
  if verdict.reason then set(r, 'r:' .. stage, verdict.reason) end
  if is_end then
    finish(r, verdict.status, verdict.reason)
    return next
  end
  for _, follower in ipairs(a.followers[stage]) do
    if verdict.status == 'failed' then
      set(r, 's:' .. follower, 'failed')
      set(r, 'r:' .. follower, 'no_' .. stage)
    else
      intend(follower)
      next[#next + 1] = follower
    end
  end
  local is_whole = true
  for _, each in ipairs(a.stages) do
    local status = r['s:' .. each]
    if status == 'waiting' then
      measure(r)
      emit(r, 'progressed')
      return next
    end
    if status ~= 'done' then is_whole = false end
  end
  finish(r, is_whole and 'processed' or 'partial')
  return next
end

local function is_fenced(r) return r['f:' .. a.stage] == int(a.fence.jobMs) .. '.' .. int(a.fence.starts) end
local function is_open(r) return OPEN[r.status] and r['s:' .. a.stage] == 'waiting' end
`

/** KEYS: record. */
export const createDocumentLua = `${shared}
-- this very creation was committed before and its reply lost
if redis.call('EXISTS', key) == 1 then return redis.call('HGETALL', key) end
local r = {}
for field, value in pairs(a.document) do set(r, field, type(value) == 'number' and int(value) or value) end
set(r, 'status', 'queued')
set(r, 'requestId', a.requestId)
for _, stage in ipairs(a.stages) do set(r, 's:' .. stage, 'waiting') end
measure(r)
set(r, 'step', '')
intend(a.stages[1])
emit(r, 'queued', a)
return redis.call('HGETALL', key)
`

/** KEYS: record. A worker takes a stage; a later run supersedes an earlier one. */
export const claimStageLua = `${shared}
local r = hash()
if not r.status then
  drop_intent(a.stage)
  return { 'done', 'missing' }
end
if not is_open(r) then
  drop_intent(a.stage)
  return { 'done', r['s:' .. a.stage] or r.status }
end
local job, starts = string.match(r['f:' .. a.stage] or '0.0', '^(%d+)%.(%d+)$')
job, starts = tonumber(job), tonumber(starts)
if a.fence.jobMs < job or (a.fence.jobMs == job and a.fence.starts < starts) then return { 'done', 'stale' } end
set(r, 'f:' .. a.stage, int(a.fence.jobMs) .. '.' .. int(a.fence.starts))
if r.status == 'queued' then
  set(r, 'status', 'processing')
  measure(r)
  emit(r, 'processing')
end
return { 'go', redis.call('HGETALL', key) }
`

/** KEYS: record. */
export const noteProgressLua = `${shared}
local r = hash()
if not r.status or not is_open(r) or not is_fenced(r) then return 0 end
set(r, 'p:' .. a.stage, int(a.percent))
local before = r.progress
measure(r)
if r.progress ~= before then emit(r, 'progressed') end
return 1
`

/** KEYS: record. */
export const noteKillLua = `${shared}
local r = hash()
if not r.status or not is_open(r) or not is_fenced(r) then return 0 end
return redis.call('HINCRBY', key, 'k:' .. a.stage, 1)
`

/** KEYS: record. */
export const settleStageLua = `${shared}
local r = hash()
if not r.status or not is_open(r) or not is_fenced(r) then return { 'stale' } end
local next = settle(r, a.stage, a.verdict)
return { 'settled', OPEN[r.status] and 0 or 1, next }
`

/** KEYS: record. The job ended and did not settle. The intents of what follows bring it on its way. */
export const abandonStageLua = `${shared}
local r = hash()
drop_intent(a.stage)
if not r.status or not is_open(r) then return 0 end
settle(r, a.stage, { status = a.stage == a.stages[1] and 'rejected' or 'failed', reason = 'internal' })
return 1
`

/** KEYS: record. */
export const confirmRecordedLua = `${shared}
drop_intent('record')
local r = hash()
if r.status and not OPEN[r.status] then redis.call('PEXPIRE', key, int(a.keptMs)) end
return 1
`

// Lua that several scripts share: limits, events, and the ways a verification's state may change. Numbers and rules come in as data.

/** Counting of limits. `take` counts every rule or none, and tells which window refused. */
export const limitsLua = `
local function int(n) return string.format('%.0f', n) end

local function refusal_exact(key, rule, now, use)
  local least = rule.windows[1].limit
  for _, w in ipairs(rule.windows) do least = math.min(least, w.limit) end
  -- fewer uses than any window allows, however old they are: the usual case, and one command
  if redis.call('ZCARD', key) < least then return nil end
  local longest = rule.windows[#rule.windows].windowMs
  redis.call('ZREMRANGEBYSCORE', key, '-inf', int(now - longest))
  if redis.call('ZSCORE', key, use) then return nil end
  for i, w in ipairs(rule.windows) do
    if redis.call('ZCOUNT', key, '(' .. int(now - w.windowMs), '+inf') >= w.limit then
      local freeing = redis.call('ZRANGE', key, -w.limit, -w.limit, 'WITHSCORES')
      return i, tonumber(freeing[2]) + w.windowMs - now
    end
  end
end

local function smooth_counts(key, w, now)
  local index = math.floor(now / w.windowMs)
  local seen = redis.call('HMGET', key, 'w', 'c', 'p')
  local at, current, previous = tonumber(seen[1] or -1), tonumber(seen[2] or 0), tonumber(seen[3] or 0)
  -- a process whose clock is a little behind must not begin an old window anew
  if at == index + 1 then index = at end
  if at == index - 1 then return index, 0, current end
  if at ~= index then return index, 0, 0 end
  return index, current, previous
end

local function refusal_smooth(key, rule, now)
  local w = rule.windows[1]
  local index, current, previous = smooth_counts(key, w, now)
  local passed = math.max(0, now / w.windowMs - index)
  if previous * (1 - passed) + current + 1 <= w.limit then return nil end
  local free_at
  if current < w.limit then free_at = math.min(1, 1 - (w.limit - 1 - current) / previous)
  -- full by itself: in the next window it still weighs as the previous one
  else free_at = 1 + math.max(0, 1 - (w.limit - 1) / current) end
  -- the millisecond covers the rounding of what is compared above
  return 1, (free_at - passed) * w.windowMs + 1
end

local function count(key, rule, now, use)
  if rule.style == 'exact' then
    redis.call('ZADD', key, 'NX', int(now), use)
    redis.call('PEXPIRE', key, int(rule.windows[#rule.windows].windowMs))
  else
    local w = rule.windows[1]
    local index, current, previous = smooth_counts(key, w, now)
    redis.call('HSET', key, 'w', int(index), 'c', int(current + 1), 'p', int(previous))
    redis.call('PEXPIRE', key, int(2 * w.windowMs))
  end
end

-- nil when every rule has room (each is then counted), else the rule's and the window's place and the wait in ms
local function take(rules, first_key, now, use)
  for i, rule in ipairs(rules) do
    local key = KEYS[first_key + i - 1]
    local window, wait
    if rule.style == 'exact' then window, wait = refusal_exact(key, rule, now, use)
    else window, wait = refusal_smooth(key, rule, now) end
    if window then return { i - 1, window - 1, math.ceil(wait) } end
  end
  for i, rule in ipairs(rules) do count(KEYS[first_key + i - 1], rule, now, use) end
  return nil
end
`

/** One idempotency key: a hash of the request's body and, once there is one, the sealed answer. */
export const idempotencyLua = `
-- nil when the key is free; else what there is to say about it
local function idempotency_seen(key, body)
  local seen = redis.call('HMGET', key, 'body', 'answer')
  if not seen[1] then return nil end
  if seen[1] ~= body then return { 'reused' } end
  if seen[2] then return { 'replay', seen[2] } end
  return { 'in_progress' }
end
`

/** The verification's record: reading, stepping, ending, and the event of each step. */
export const verificationLua = `
-- the drains take events out; this only bounds what a long outage of theirs may hold
local EVENTS_KEPT = 1000000
local actor = ''
local KEPT_AFTER_END_MS = 86400000
local RANKS = { queued = 1, sending = 2, sent = 3, delivered = 4 }
local ATTEMPT_RANKS = { queued = 0, submitting = 1, unknown = 2, accepted = 3, undelivered = 4, delivered = 5, read = 6 }

local function hash(key)
  local flat, fields = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

-- adds one to the sequence and tells the world: no change of state is without its event
local function emit(base, key, id, r, kind, now, request)
  r.sequence = redis.call('HINCRBY', key, 'sequence', 1)
  local data = cjson.encode({ status = r.status, purpose = r.purpose, channel = r.channel, to = r.maskedTo })
  redis.call('XADD', base .. 'events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'type', 'verification.' .. kind,
    'subject', 'verification:' .. id, 'sequence', r.sequence, 'at', int(now), 'requestId', request or r.requestId or '', 'actor', actor, 'data', data)
end

local function live_key(base, r) return base .. 'live:' .. r.destination .. ':' .. r.purpose .. ':' .. r.caller .. ':' .. (r.subject or '') end

-- puts a verification into a final state; the caller has made sure that it is not in one
local function finish(base, key, id, r, status, now, request)
  r.status = status
  redis.call('HSET', key, 'status', status)
  redis.call('PEXPIREAT', key, int(now + KEPT_AFTER_END_MS))
  redis.call('ZREM', base .. 'due', id)
  local live = live_key(base, r)
  if redis.call('GET', live) == id then redis.call('DEL', live) end
  emit(base, key, id, r, status, now, request)
end

-- progress only moves forward
local function raise(base, key, id, r, status, now)
  if not RANKS[r.status] or RANKS[r.status] >= RANKS[status] then return false end
  r.status = status
  redis.call('HSET', key, 'status', status)
  emit(base, key, id, r, status, now)
  return true
end

local function is_over(r, now) return RANKS[r.status] ~= nil and now >= tonumber(r.expiresAtMs) end

local function intend(base, job, id, attempt, now, inspect_after)
  local job_id = job .. '.' .. id .. '.' .. attempt
  redis.call('ZADD', base .. 'intents', int(now + inspect_after), job_id)
  redis.call('HSET', base .. 'intents:jobs', job_id, cjson.encode({ name = job, payload = { verificationId = id, attempt = attempt } }))
end

local function drop_intent(base, t, id, attempt)
  local job_id = t.job .. '.' .. id .. '.' .. attempt
  redis.call('ZREM', base .. 'intents', job_id)
  redis.call('HDEL', base .. 'intents:jobs', job_id)
end

local function new_attempt(key, r, attempt, job, now, request)
  redis.call('HSET', key, 'a:' .. attempt, cjson.encode({ status = 'queued', channel = r.channel, job = job,
    requestId = request, createdAtMs = now, updatedAtMs = now }))
end

local function save_attempt(key, attempt, t, now)
  t.updatedAtMs = now
  redis.call('HSET', key, 'a:' .. attempt, cjson.encode(t))
end

-- no message is on its way and none can be: the verification has failed
local function fail_if_hopeless(base, key, id, r, now)
  if not RANKS[r.status] then return end
  for n = 1, tonumber(r.sends) do
    local raw = redis.call('HGET', key, 'a:' .. n)
    local status = raw and cjson.decode(raw).status
    if status and ATTEMPT_RANKS[status] and status ~= 'undelivered' then return end
  end
  finish(base, key, id, r, 'failed', now)
end
`

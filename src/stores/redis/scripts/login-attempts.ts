// The scripts of sign-in attempts. Failures are moments in sorted sets; how they slow tries down comes in as data.
// ARGV[1] is one JSON object with nowMs and base.

const shared = `
local function int(n) return string.format('%.0f', n) end
local a = cjson.decode(ARGV[1])
local now, base = a.nowMs, a.base

-- failures within the window, and the wait they ask for
local function standing(key, rule)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', int(now - rule.windowMs))
  local failures = redis.call('ZCARD', key)
  if failures < rule.free then return failures, 0 end
  local last = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
  local delay = math.min(rule.firstMs * 2 ^ math.min(failures - rule.free, 30), rule.mostMs)
  return failures, math.max(0, tonumber(last[2]) + delay - now)
end

local function fail(key, rule, use)
  redis.call('ZADD', key, int(now), use)
  -- more than these change no delay
  redis.call('ZREMRANGEBYRANK', key, 0, -1001)
  redis.call('PEXPIRE', key, int(rule.windowMs))
end
`

/** KEYS: the network's failures. `outcome` is failure, success or empty (a look). A success takes nothing back: it may be an attacker's own. */
export const networkLoginLua = `${shared}
if a.outcome == 'failure' then fail(KEYS[1], a.rule, a.use) end
local failures, wait = standing(KEYS[1], a.rule)
return { failures, math.ceil(wait) }
`

/**
 * KEYS: the places the identifier is known from, its failures from elsewhere, its sequence, the stream. A known place has failures of its own, which
 * nobody elsewhere can add to.
 */
export const personLoginLua = `${shared}
local known_key, rule = KEYS[1], a.rule
redis.call('ZREMRANGEBYSCORE', known_key, '-inf', int(now - a.knownForMs))
local place
for _, each in ipairs(a.places) do
  if not place and redis.call('ZSCORE', known_key, each) then place = each end
end
local key = place and (KEYS[2] .. ':' .. place) or KEYS[2]
if a.outcome == 'failure' then
  fail(key, rule, a.use)
elseif a.outcome == 'success' then
  for _, each in ipairs(a.places) do
    redis.call('ZADD', known_key, int(now), each)
    redis.call('DEL', KEYS[2] .. ':' .. each)
  end
  -- nobody says where people come from here: then all tries are one person's
  if #a.places == 0 then redis.call('DEL', KEYS[2]) end
  redis.call('ZREMRANGEBYRANK', known_key, 0, -1 - a.maxKnown)
  redis.call('PEXPIRE', known_key, int(a.knownForMs))
  place = a.places[1]
  key = place and (KEYS[2] .. ':' .. place) or KEYS[2]
end
local failures, wait = standing(key, rule)
local is_burst = false
if a.outcome ~= '' then
  -- told at 5, 10, 20, 40 …
  local times = failures / rule.free
  is_burst = a.outcome == 'failure' and failures >= rule.free and times == 2 ^ math.floor(math.log(times) / math.log(2) + 0.5)
  local sequence = redis.call('INCRBY', KEYS[3], is_burst and 2 or 1)
  redis.call('PEXPIRE', KEYS[3], int(a.knownForMs))
  local function emit(type, at, data)
    redis.call('XADD', KEYS[4], 'MAXLEN', '~', 1000000, '*', 'type', type, 'subject', 'login:' .. a.identifier, 'sequence', int(at),
      'at', int(now), 'requestId', a.requestId or '', 'actor', a.actor or '', 'data', cjson.encode(data))
  end
  local from = place and 'known' or 'unknown'
  emit(a.outcome == 'failure' and 'login.failed' or 'login.succeeded', is_burst and sequence - 1 or sequence, { failures = tostring(failures), place = from })
  if is_burst then emit('session.unusual_activity', sequence, { reason = 'failure_burst', failures = tostring(failures) }) end
end
return { failures, math.ceil(wait), place and 1 or 0, is_burst and 1 or 0 }
`

/** KEYS: the uses. One use more, unless `limit` are within the window; exact, since every moment is kept. */
export const useLimitLua = `
local function int(n) return string.format('%.0f', n) end
local a = cjson.decode(ARGV[1])
local key, now = KEYS[1], a.nowMs
redis.call('ZREMRANGEBYSCORE', key, '-inf', int(now - a.windowMs))
local used = redis.call('ZCARD', key)
local allowed = used < a.limit
if allowed then
  redis.call('ZADD', key, int(now), a.use)
  redis.call('PEXPIRE', key, int(a.windowMs))
  used = used + 1
end
local oldest = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
return { allowed and 1 or 0, used, int(tonumber(oldest[2] or now) + a.windowMs) }
`

// The scripts of sessions and of what is refused. Everything of one user lies in one slot, so that a race is decided by whoever comes first.
// ARGV[1] is one JSON object with nowMs and base. A session that is not there has ended: no script but `create` writes one into being.

/** Names of keys, events and the numbers of the day. */
export const sessionLua = `
local function int(n) return string.format('%.0f', n) end
local a = cjson.decode(ARGV[1])
local now, base = a.nowMs, a.base
local EVENTS_KEPT, DAY_MS = 1000000, 86400000
local DAYS_KEPT_MS = 100 * DAY_MS
-- Redis keeps a session a day longer than it lives, for the sweep to tell of its end
local GRACE_MS = DAY_MS
local META = 'm:'

local function session_key(id) return base .. 'session:' .. id end
local function account_key(owner, part) return base .. 'account:' .. owner .. (part and ':' .. part or '') end
local due_key = base .. 'sessions:due'

local function emit(type, subject, sequence, data)
  redis.call('XADD', base .. 'events', 'MAXLEN', '~', EVENTS_KEPT, '*', 'type', type, 'subject', subject, 'sequence', int(sequence),
    'at', int(now), 'requestId', a.requestId or '', 'actor', a.actor or '', 'data', data and cjson.encode(data) or '{}')
end

-- counts a word within this day
local function note(word)
  local key = base .. 'sessions:day:' .. int(math.floor(now / DAY_MS))
  if redis.call('HINCRBY', key, word, 1) == 1 then redis.call('PEXPIRE', key, DAYS_KEPT_MS) end
end

local function is_live(key)
  local until_ms = redis.call('HGET', key, 'expiresAtMs')
  return until_ms and now < tonumber(until_ms)
end

-- ends what is there; false when nothing is, or its time was over already
local function finish(id, reason)
  local key = session_key(id)
  local seen = redis.call('HMGET', key, 'owner', 'sequence', 'expiresAtMs')
  redis.call('ZREM', due_key, id)
  if not seen[1] then return false end
  local was_live = now < tonumber(seen[3])
  redis.call('DEL', key)
  redis.call('ZREM', account_key(seen[1], 'sessions'), id)
  reason = was_live and reason or 'expired'
  note('ended:' .. reason)
  emit('session.ended', 'session:' .. id, seen[2] + 1, { reason = reason, owner = seen[1] })
  return was_live
end

local function prolong(id, key, until_ms)
  redis.call('HSET', key, 'lastSeenAtMs', int(now), 'expiresAtMs', int(until_ms))
  redis.call('PEXPIREAT', key, int(until_ms + GRACE_MS))
  redis.call('ZADD', due_key, int(until_ms), id)
end

-- compares where somebody comes from with where they came from before; an event for each surprise
local function look(owner, id, from, pace)
  local found = {}
  if from.device then
    local key = account_key(owner, 'devices')
    local is_known = redis.call('ZSCORE', key, from.device)
    if not is_known and redis.call('ZCARD', key) > 0 then found[#found + 1] = 'new_device' end
    redis.call('ZADD', key, int(now), from.device)
    redis.call('ZREMRANGEBYRANK', key, 0, -51)
    redis.call('PEXPIRE', key, DAYS_KEPT_MS)
  end
  if from.network then
    local key = account_key(owner, 'networks')
    redis.call('ZREMRANGEBYSCORE', key, '-inf', int(now - pace.windowMs))
    local is_new = redis.call('ZADD', key, int(now), from.network) == 1
    redis.call('ZREMRANGEBYRANK', key, 0, -51)
    redis.call('PEXPIRE', key, int(pace.windowMs))
    if is_new and redis.call('ZCARD', key) >= pace.networks then found[#found + 1] = 'network_pace' end
  end
  for _, reason in ipairs(found) do
    note('unusual')
    local sequence = redis.call('HINCRBY', session_key(id), 'sequence', 1)
    emit('session.unusual_activity', 'session:' .. id, sequence, { reason = reason, owner = owner })
  end
  return found
end

-- token_revoked, session_ended, signed_out, or nil when the token counts
local function refusal(accounts, token_keys, issued_at)
  for _, key in ipairs(token_keys) do
    if redis.call('EXISTS', key) == 1 then return 'token_revoked' end
  end
  for _, key in ipairs(accounts) do
    local epoch = redis.call('HGET', key, 'epochMs')
    if epoch and issued_at <= tonumber(epoch) then return 'signed_out' end
  end
end

local function revoked_key(token_key) return base .. 'revoked:' .. token_key end
`

/** KEYS: session. Refused to a token that was revoked, or whose session ended, since the request was let in. */
export const createSessionLua = `${sessionLua}
local key, id, owner, token = KEYS[1], a.id, a.owner, a.token
if token then
  if refusal({ account_key(owner) }, { revoked_key(token.tokenKey) }, token.issuedAtMs) then return { 'signed_out' } end
  if token.sessionId and not is_live(session_key(token.sessionId)) then return { 'signed_out' } end
end
if redis.call('EXISTS', key) == 1 then return { 'taken' } end
local index = account_key(owner, 'sessions')
while redis.call('ZCARD', index) >= a.rules.maxPerUser do
  local oldest = redis.call('ZRANGE', index, 0, 0)[1]
  finish(oldest, 'displaced')
  redis.call('ZREM', index, oldest)
end
redis.call('HSET', key, 'owner', owner, 'sequence', 1, 'createdAtMs', int(now), 'absoluteMs', int(now + a.rules.absoluteMs), 'device', a.device)
for name, value in pairs(a.metadata) do redis.call('HSET', key, META .. name, value) end
prolong(id, key, now + math.min(a.rules.idleMs, a.rules.absoluteMs))
redis.call('ZADD', index, int(now), id)
redis.call('PEXPIRE', index, int(a.rules.absoluteMs + GRACE_MS))
note('created')
emit('session.created', 'session:' .. id, 1, { owner = owner })
local unusual = look(owner, id, a.from, a.rules.pace)
return { 'created', redis.call('HGETALL', key), unusual }
`

/** KEYS: the owner's index. Every living session in it. */
export const listSessionsLua = `${sessionLua}
local found = {}
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], 0, -1)) do
  local key = session_key(id)
  if is_live(key) then found[#found + 1] = { id, redis.call('HGETALL', key) } end
end
return found
`

/** KEYS: session. */
export const patchSessionLua = `${sessionLua}
local key = KEYS[1]
if not is_live(key) then return { 'missing' } end
local added, held = 0, 0
for name in pairs(a.set) do
  if redis.call('HEXISTS', key, META .. name) == 0 then added = added + 1 end
end
for _, name in ipairs(redis.call('HKEYS', key)) do
  if string.sub(name, 1, 2) == META then held = held + 1 end
end
for _, name in ipairs(a.remove) do held = held - redis.call('HEXISTS', key, META .. name) end
if held + added > a.maxMetadata then return { 'too_many' } end
for _, name in ipairs(a.remove) do redis.call('HDEL', key, META .. name) end
for name, value in pairs(a.set) do redis.call('HSET', key, META .. name, value) end
emit('session.changed', 'session:' .. a.id, redis.call('HINCRBY', key, 'sequence', 1))
return { 'patched', redis.call('HGETALL', key) }
`

/** KEYS: session. */
export const endSessionLua = `${sessionLua}
return finish(a.id, 'sign_out') and 1 or 0
`

/** KEYS: the owner's account. */
export const endAllSessionsLua = `${sessionLua}
local account, ended = KEYS[1], 0
for _, id in ipairs(redis.call('ZRANGE', account_key(a.owner, 'sessions'), 0, -1)) do
  if id ~= a.keep and finish(id, 'sign_out') then ended = ended + 1 end
end
if not a.keep then
  local epoch = math.max(now, tonumber(redis.call('HGET', account, 'epochMs') or 0))
  redis.call('HSET', account, 'epochMs', int(epoch))
end
local sequence = redis.call('HINCRBY', account, 'sequence', 1)
redis.call('PEXPIRE', account, int(a.accountKeptMs))
emit('account.signed_out', 'account:' .. a.owner, sequence, { sessions = tostring(ended), kept = a.keep and '1' or '0' })
return ended
`

/** KEYS: session. */
export const elevateSessionLua = `${sessionLua}
local key = KEYS[1]
if not is_live(key) then return {} end
redis.call('HSET', key, 'elevatedUntilMs', int(a.untilMs))
note('stepped_up')
emit('session.stepped_up', 'session:' .. a.id, redis.call('HINCRBY', key, 'sequence', 1), { method = a.method, owner = redis.call('HGET', key, 'owner') })
return redis.call('HGETALL', key)
`

/** KEYS: due. Ends what nobody came back to. */
export const expireSessionsLua = `${sessionLua}
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', int(now), 'LIMIT', 0, a.limit)
for _, id in ipairs(ids) do finish(id, 'expired') end
return #ids
`

/**
 * KEYS: accounts, then as many marks of the token, then the session if the token names one of this partition. Whether the token counts; a session that
 * lives is noted as seen.
 */
export const standingLua = `${sessionLua}
local accounts, tokens = {}, {}
for i = 1, a.accounts do accounts[i], tokens[i] = KEYS[i], KEYS[a.accounts + i] end
local refused = refusal(accounts, tokens, a.issuedAtMs)
if refused then return { refused } end
local key = KEYS[2 * a.accounts + 1]
if not key then return { 'ok' } end
local seen = redis.call('HMGET', key, 'owner', 'expiresAtMs', 'lastSeenAtMs', 'absoluteMs', 'elevatedUntilMs')
if not seen[1] or now >= tonumber(seen[2]) then return { 'session_ended' } end
local is_own = false
for _, owner in ipairs(a.owners) do is_own = is_own or owner == seen[1] end
if not is_own then return { 'session_ended' } end
local unusual = {}
if now - tonumber(seen[3]) >= a.rules.touchMs then
  prolong(a.sessionId, key, math.min(now + a.rules.idleMs, tonumber(seen[4])))
  unusual = look(seen[1], a.sessionId, { network = a.network }, a.rules.pace)
end
return { 'ok', seen[5] or '', unusual }
`

/** KEYS: the mark of a token. */
export const revokeTokenLua = `${sessionLua}
if not redis.call('SET', KEYS[1], '1', 'NX', 'PXAT', int(a.untilMs)) then return 0 end
note('tokens_revoked')
emit('token.revoked', 'token:' .. a.tokenKey, 1, { owner = a.owner })
return 1
`

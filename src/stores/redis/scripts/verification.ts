// The scripts of verifications, each one atomic step on one partition. KEYS name what they touch first; keys that only the record can name are
// built from its own partition's base (KEYS of the same slot). ARGV[1] is one JSON object.
import { idempotencyLua, limitsLua, verificationLua } from './prelude.ts'

const shared = `${limitsLua}${verificationLua}local a = cjson.decode(ARGV[1])\nlocal now, base = a.nowMs, a.base\nactor = a.actor or a.caller or ''\n`

/** KEYS: record, live, row, idempotency twice, then one for each limit. Accepts a start: limits, idempotency, state, index, event and intent at once. */
export const startLua = `${limitsLua}${idempotencyLua}${verificationLua}
local a = cjson.decode(ARGV[1])
local now, base, id, r = a.nowMs, a.base, a.id, a.record
actor = r.caller
if a.idempotency then
  local seen = idempotency_seen(KEYS[4], a.idempotency.body)
  -- a claim whose process died is free again after its lease
  local is_abandoned = seen and seen[1] == 'in_progress' and now >= tonumber(redis.call('HGET', KEYS[4], 'leaseUntilMs') or 0)
  if seen and not is_abandoned then return seen end
end
-- this very start was committed before and its reply lost
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'created' } end
local live = redis.call('GET', KEYS[2])
if live then
  -- the index lives by Redis's clock, the record by the caller's: the record decides
  local key = base .. 'ver:' .. live
  local seen = hash(key)
  if is_over(seen, now) then finish(base, key, live, seen, 'expired', now, a.requestId)
  elseif RANKS[seen.status] then return { 'live', live } end
end
if tonumber(redis.call('GET', KEYS[3]) or 0) >= a.wrongInARow then return { 'stopped' } end
local refused = take(a.limits, 6, now, id)
if refused then return { 'limited', refused[1], refused[2], refused[3] } end
local fields = { 'status', 'queued', 'sequence', 0, 'wrongCodes', 0, 'sends', 1, 'requestId', a.requestId,
  'resendAtMs', int(now + a.firstCooldownMs), 'resends', '[]' }
for name, value in pairs(r) do
  fields[#fields + 1] = name
  fields[#fields + 1] = type(value) == 'number' and int(value) or value
end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('PEXPIREAT', KEYS[1], int(r.expiresAtMs + KEPT_AFTER_END_MS))
redis.call('SET', KEYS[2], id, 'PXAT', int(r.expiresAtMs))
redis.call('ZADD', base .. 'due', int(r.expiresAtMs), id)
r.status = 'queued'
new_attempt(KEYS[1], r, 1, a.job, now, a.requestId)
intend(base, a.job, id, 1, now, a.inspectAfterMs)
emit(base, KEYS[1], id, r, 'queued', now, a.requestId)
if a.idempotency then
  for k = 4, a.idempotency.hasSecond and 5 or 4 do
    redis.call('HSET', KEYS[k], 'body', a.idempotency.body, 'id', id, 'answer', a.idempotency.sealedAnswer)
    redis.call('PEXPIRE', KEYS[k], int(a.idempotencyMs))
  end
end
return { 'created' }
`

/** KEYS: record. One more message of the same code, within the rules of sending. */
export const resendLua = `${shared}
local key, id = KEYS[1], a.id
local r = hash(key)
if not r.status then return { 'refused', 'verification_not_found' } end
if is_over(r, now) then finish(base, key, id, r, 'expired', now, a.requestId) end
if not RANKS[r.status] then return { 'ended', r.status, r.expiresAtMs } end
local sends = tonumber(r.sends)
if sends >= a.sends.maxSends then return { 'refused', 'max_sends_reached' } end
if now < tonumber(r.resendAtMs) then return { 'refused', 'cooldown_active', math.ceil(tonumber(r.resendAtMs) - now) } end
sends = sends + 1
local resends = cjson.decode(r.resends)
resends[#resends + 1] = now
local resend_at = now + a.sends.cooldownsMs[math.min(sends, #a.sends.cooldownsMs)]
if #resends >= a.sends.burst.resends then
  resend_at = math.max(resend_at, resends[#resends - a.sends.burst.resends + 1] + a.sends.burst.windowMs)
end
redis.call('HSET', key, 'sends', sends, 'resends', cjson.encode(resends), 'resendAtMs', int(resend_at))
new_attempt(key, r, sends, a.job, now, a.requestId)
intend(base, a.job, id, sends, now, a.inspectAfterMs)
emit(base, key, id, r, 'attempt_queued', now, a.requestId)
return { 'queued', sends, redis.call('HGETALL', key) }
`

/** KEYS: record, then one for each limit. Counts, compares and changes the state: nothing of it can be seen half done. */
export const checkLua = `${shared}
local key, id = KEYS[1], a.id
local refused = take(a.limits, 2, now, a.useId)
if refused then return { 'limited', refused[1], refused[2], refused[3] } end
local r = hash(key)
if not r.status then return { 'refused', 'verification_not_found' } end
local right = a.guessTag == a.answerTag
if r.status == 'approved' then
  if right and r.approvedBy == a.caller and now - tonumber(r.approvedAtMs) <= a.repeatMs then return { 'approved', redis.call('HGETALL', key) } end
  return { 'ended', 'approved', r.expiresAtMs }
end
if is_over(r, now) then finish(base, key, id, r, 'expired', now, a.requestId) end
if not RANKS[r.status] then return { 'ended', r.status, r.expiresAtMs } end
local row_key = base .. 'row:' .. r.destination
local wrong_key = base .. 'limit:wrong:' .. r.destination .. ':' .. r.purpose .. ':' .. a.caller
-- a link's token is 256 bits wide and was compared before: only codes can be guessed, only codes are counted
if a.via == 'code' then
  if tonumber(redis.call('GET', row_key) or 0) >= a.wrongInARow then return { 'refused', 'max_attempts_reached' } end
  local full, wait = refusal_exact(wrong_key, a.wrongRule, now, '')
  if full then return { 'refused', 'max_attempts_reached', math.ceil(wait) } end
end
if right then
  redis.call('HSET', key, 'approvedAtMs', int(now), 'approvedBy', a.caller, 'approvedVia', a.via)
  redis.call('DEL', row_key)
  finish(base, key, id, r, 'approved', now, a.requestId)
  return { 'approved', redis.call('HGETALL', key) }
end
local wrong = redis.call('HINCRBY', key, 'wrongCodes', 1)
count(wrong_key, a.wrongRule, now, id .. '.' .. wrong)
redis.call('INCR', row_key)
redis.call('PEXPIRE', row_key, int(a.wrongInARowMs))
local remaining = tonumber(r.maxAttempts) - wrong
if remaining <= 0 then finish(base, key, id, r, 'max_attempts_reached', now, a.requestId)
else emit(base, key, id, r, 'code_rejected', now, a.requestId) end
return { 'incorrect', math.max(0, remaining) }
`

/** KEYS: record. */
export const cancelLua = `${shared}
local key, id = KEYS[1], a.id
local r = hash(key)
if not r.status then return { 'refused', 'verification_not_found' } end
if is_over(r, now) then finish(base, key, id, r, 'expired', now, a.requestId) end
if r.status ~= 'canceled' then
  if not RANKS[r.status] then return { 'ended', r.status, r.expiresAtMs } end
  finish(base, key, id, r, 'canceled', now, a.requestId)
end
return { 'canceled', redis.call('HGETALL', key) }
`

/** KEYS: record. A worker takes an attempt: the ledger entry that stands before any outside effect. */
export const claimLua = `${shared}
local key, id, n = KEYS[1], a.id, a.attempt
local r = hash(key)
local raw = r['a:' .. n]
if not raw then return { 'done', 'missing' } end
local t = cjson.decode(raw)
local held_job, held_starts = t.fenceJobMs or 0, t.fenceStarts or 0
if a.fence.jobMs < held_job or (a.fence.jobMs == held_job and a.fence.starts < held_starts) then return { 'done', 'stale' } end
if t.status ~= 'queued' and t.status ~= 'submitting' then
  drop_intent(base, t, id, n)
  return { 'done', t.status }
end
local same_run = a.fence.jobMs == held_job and a.fence.starts == held_starts
if t.status == 'submitting' and not same_run then
  t.unknowns = (t.unknowns or 0) + 1
  t.reason = 'interrupted'
end
t.fenceJobMs, t.fenceStarts = a.fence.jobMs, a.fence.starts
if is_over(r, now) then finish(base, key, id, r, 'expired', now) end
local ended
if not RANKS[r.status] then ended = t.unknowns and 'unknown' or (r.status == 'expired' and 'skipped' or 'canceled')
elseif (t.unknowns or 0) >= a.maxUnknowns then ended = 'unknown' end
if ended then
  t.status = ended
  save_attempt(key, n, t, now)
  drop_intent(base, t, id, n)
  if ended == 'unknown' and not raise(base, key, id, r, 'sent', now) then emit(base, key, id, r, 'attempt_changed', now) end
  return { 'done', ended }
end
t.status = 'submitting'
save_attempt(key, n, t, now)
if not raise(base, key, id, r, 'sending', now) then emit(base, key, id, r, 'attempt_changed', now) end
return { 'go', t.requestId or '', redis.call('HGETALL', key) }
`

/** KEYS: record. What became of the try; refused unless the same run still holds the attempt. */
export const settleLua = `${shared}
local key, id, n, s = KEYS[1], a.id, a.attempt, a.settlement
local r = hash(key)
local raw = r['a:' .. n]
if not raw then return 'stale' end
local t = cjson.decode(raw)
if t.fenceJobMs ~= a.fence.jobMs or t.fenceStarts ~= a.fence.starts then return 'stale' end
if t.status ~= 'submitting' then
  -- a receipt was faster than the provider's own answer: it knows more, but not the reference
  if s.kind ~= 'accepted' or t.reference then return 'stale' end
  t.provider, t.reference = s.provider, s.reference
  save_attempt(key, n, t, now)
  return 'settled'
end
t.provider, t.reason, t.reference = s.provider or t.provider, s.reason, s.reference
local outcome = 'settled'
if s.kind == 'accepted' then t.status = 'accepted'
elseif s.kind == 'rejected' then t.status = (t.unknowns or 0) > 0 and 'unknown' or 'rejected'
elseif s.kind == 'again' then t.status, outcome = 'queued', 'repeat'
else
  t.unknowns = (t.unknowns or 0) + 1
  if t.unknowns >= a.maxUnknowns then t.status = 'unknown' else t.status, outcome = 'queued', 'repeat' end
end
save_attempt(key, n, t, now)
if t.status ~= 'queued' then drop_intent(base, t, id, n) end
local told = (t.status == 'accepted' or t.status == 'unknown') and raise(base, key, id, r, 'sent', now)
if t.status == 'rejected' then
  fail_if_hopeless(base, key, id, r, now)
  told = r.status == 'failed'
end
if not told then emit(base, key, id, r, 'attempt_changed', now) end
return outcome
`

/** KEYS: record. A provider's receipt: early, double and disordered ones do no harm, since ranks only rise. */
export const receiveLua = `${shared}
local key, id, n = KEYS[1], a.id, a.attempt
local r = hash(key)
local raw = r['a:' .. n]
if not raw then return 0 end
local t = cjson.decode(raw)
if (ATTEMPT_RANKS[t.status] or 9) >= ATTEMPT_RANKS[a.receipt.status] then return 1 end
t.status, t.reason = a.receipt.status, a.receipt.reason
save_attempt(key, n, t, now)
drop_intent(base, t, id, n)
local told
if t.status == 'delivered' or t.status == 'read' then told = raise(base, key, id, r, 'delivered', now)
elseif t.status == 'accepted' then told = raise(base, key, id, r, 'sent', now)
else
  local before = r.status
  fail_if_hopeless(base, key, id, r, now)
  told = r.status ~= before
end
if not told then emit(base, key, id, r, 'attempt_changed', now) end
return 1
`

/** KEYS: record. Ends an attempt whose job is gone for good. */
export const abandonLua = `${shared}
local key, id, n = KEYS[1], a.id, a.attempt
local r = hash(key)
local raw = r['a:' .. n]
redis.call('ZREM', base .. 'intents', a.jobId)
redis.call('HDEL', base .. 'intents:jobs', a.jobId)
if not raw then return 0 end
local t = cjson.decode(raw)
if t.status ~= 'queued' and t.status ~= 'submitting' then return 0 end
local was_sent = t.status == 'submitting' or (t.unknowns or 0) > 0
t.status, t.reason = was_sent and 'unknown' or 'rejected', a.reason
save_attempt(key, n, t, now)
local told = was_sent and raise(base, key, id, r, 'sent', now)
if not was_sent then
  local before = r.status
  fail_if_hopeless(base, key, id, r, now)
  told = r.status ~= before
end
if not told then emit(base, key, id, r, 'attempt_changed', now) end
return 1
`

/** KEYS: due. Ends those whose time is over. */
export const expireLua = `${shared}
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', int(now), 'LIMIT', 0, a.limit)
local ended = 0
for _, id in ipairs(ids) do
  local key = base .. 'ver:' .. id
  local r = hash(key)
  if is_over(r, now) then
    finish(base, key, id, r, 'expired', now)
    ended = ended + 1
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return ended
`

/** KEYS: one for each limit. */
export const takeLua = `${limitsLua}
local a = cjson.decode(ARGV[1])
local refused = take(a.limits, 1, a.nowMs, a.useId)
if refused then return refused end
return false
`

/** KEYS: idempotency. Takes the key, or says what is there; a claim whose lease has passed is taken over under its first id. */
export const claimKeyLua = `${limitsLua}${idempotencyLua}
local a = cjson.decode(ARGV[1])
local seen = idempotency_seen(KEYS[1], a.body)
if seen then
  if seen[1] ~= 'in_progress' then return seen end
  local lease = redis.call('HMGET', KEYS[1], 'leaseUntilMs', 'id')
  if a.nowMs < tonumber(lease[1]) then return seen end
  redis.call('HSET', KEYS[1], 'leaseUntilMs', int(a.nowMs + a.leaseMs))
  return { 'claimed', lease[2] }
end
redis.call('HSET', KEYS[1], 'body', a.body, 'id', a.id, 'leaseUntilMs', int(a.nowMs + a.leaseMs))
redis.call('PEXPIRE', KEYS[1], int(a.keepMs))
return { 'claimed', a.id }
`

/** KEYS: proof, events. 1 for the use that spends it and for that use's repeats, 0 for any other. */
export const useProofLua = `${shared}
if not redis.call('SET', KEYS[1], a.useId, 'PXAT', int(a.untilMs), 'NX') then
  return redis.call('GET', KEYS[1]) == a.useId and 1 or 0
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', EVENTS_KEPT, '*', 'type', 'proof.used', 'subject', 'proof:' .. a.proofId, 'sequence', 1,
  'at', int(a.nowMs), 'requestId', a.requestId, 'actor', a.actor, 'data', cjson.encode({ verification = 'verification:' .. a.id }))
return 1
`

/** KEYS: lease. True while the owner holds it. */
export const leaseLua = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`

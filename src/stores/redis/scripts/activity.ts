// The scripts of the activity trail: a sorted set per user, newest last, capped; and the numbers of each day. ARGV[1] is one JSON object.

/** KEYS: trail, its counter, the day's numbers, the day's users. */
export const appendActivityLua = `
local function int(n) return string.format('%.0f', n) end
local a = cjson.decode(ARGV[1])
local order = redis.call('INCR', KEYS[2])
redis.call('ZADD', KEYS[1], order, a.id .. '|' .. int(a.nowMs) .. '|' .. a.sealed)
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - a.most)
redis.call('PEXPIRE', KEYS[1], int(a.forMs))
redis.call('PEXPIRE', KEYS[2], int(a.forMs))
-- names are the client's: a hash of a day holds a bounded number of them
local name = a.name
if redis.call('HEXISTS', KEYS[3], 'n:' .. name) == 0 and redis.call('HLEN', KEYS[3]) > 200 then name = 'other' end
redis.call('HINCRBY', KEYS[3], 'n:' .. name, 1)
redis.call('HINCRBY', KEYS[3], 'entries', 1)
redis.call('PFADD', KEYS[4], a.owner)
redis.call('PEXPIRE', KEYS[3], int(a.daysKeptMs))
redis.call('PEXPIRE', KEYS[4], int(a.daysKeptMs))
return order
`

// The scripts of the cache. An entry holds the versions of its tags as they were before it was made: one that was made of older facts counts no more.

const shared = `
local a = cjson.decode(ARGV[1])
local function versions(first)
  local list = {}
  for i = first, #KEYS do list[#list + 1] = redis.call('GET', KEYS[i]) or '0' end
  return table.concat(list, ' ')
end
`

/** KEYS: entry, who makes it, tags. The value; or that the asker is to make it; or that somebody does. */
export const readCacheLua = `${shared}
local now = versions(3)
local seen = redis.call('HMGET', KEYS[1], 'value', 'versions')
if seen[1] and seen[2] == now then return { 'hit', seen[1] } end
if redis.call('SET', KEYS[2], a.maker, 'NX', 'PX', a.leaseMs) then return { 'make', now } end
return { 'wait' }
`

/** KEYS: entry, who makes it. */
export const writeCacheLua = `${shared}
if redis.call('GET', KEYS[2]) ~= a.maker then return 0 end
redis.call('DEL', KEYS[2])
if not a.value then return 0 end
redis.call('HSET', KEYS[1], 'value', a.value, 'versions', a.versions)
redis.call('PEXPIRE', KEYS[1], a.ttlMs)
return 1
`

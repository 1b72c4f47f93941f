-- Raise an owner's epoch: every turn accepted up to this time is erased, and every later one of anybody is newer. The
-- removal is noted down as unfinished: the sweep removes once more when whoever was writing just now must have ended.
-- KEYS epoch, epoch as it was named before names were hashed, removals, floor, lanes of the owner ...
-- ARGV epoch_retention_s, owner (sealed), finish_ms
local epoch, plain, removals, floor = unpack(KEYS)
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local before_us = now_us
for _, name in ipairs({ epoch, plain, floor }) do
  before_us = math.max(before_us, tonumber(redis.call('GET', name) or '0'))
end
for i = 5, #KEYS do before_us = math.max(before_us, tonumber(redis.call('HGET', KEYS[i], 'last_us') or '0')) end
local before = string.format('%.0f', before_us)
redis.call('SET', epoch, before, 'EX', ARGV[1])
redis.call('DEL', plain)
redis.call('SET', floor, before)
redis.call('ZADD', removals, math.floor(now_us / 1000) + ARGV[3], before .. ' ' .. ARGV[2])
return before

-- Raise an owner's epoch: every turn accepted up to this time is erased. The removal is noted down as unfinished: the
-- sweep removes once more when whoever was writing just now must have ended.
-- KEYS epoch, lane of the owner, removals; ARGV retention_s, owner, finish_ms
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local before_us = math.max(
  now_us, tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(redis.call('HGET', KEYS[2], 'last_us') or '0'))
local before = string.format('%.0f', before_us)
redis.call('SET', KEYS[1], before, 'EX', ARGV[1])
redis.call('ZADD', KEYS[3], math.floor(now_us / 1000) + ARGV[3], before .. ' ' .. ARGV[2])
return before

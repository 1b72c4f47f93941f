-- Take the lane's lease. The token is a time that only grows, so it stays greatest even if Redis were emptied.
-- KEYS lease, lane, waiting list, lanes, fence, plan, owned
-- ARGV lane, lease_ms, edit (1: take it though nothing waits, but not over a recorded plan), retention_s
-- with _due
local lease, lane, waiting, lanes, fence, plan, owned = unpack(KEYS)
local edit = ARGV[3] == '1'
if redis.call('EXISTS', lease) == 1 then return false end
local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
if edit then
  if redis.call('EXISTS', plan) == 1 then return false end
elseif redis.call('LLEN', waiting) == 0 then
  redis.call('ZREM', lanes, ARGV[1])
  due_by_first(waiting, '')
  redis.call('EXPIRE', lane, ARGV[4])
  redis.call('EXPIRE', owned, ARGV[4])
  return false
elseif now_us < tonumber(redis.call('HGET', lane, 'wake_us') or '0') then
  return false
end
local last = tonumber(redis.call('GET', fence) or '0')
local token = string.format('%.0f', now_us > last and now_us or last + 1)
redis.call('SET', fence, token)
redis.call('SET', lease, token, 'PX', ARGV[2])
redis.call('ZADD', lanes, 'XX', math.floor(now_us / 1000) + ARGV[2], ARGV[1])
return token

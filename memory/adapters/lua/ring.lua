-- Ring for one lane that is due: nobody holds it, and its time has come.
-- KEYS lease, lanes, bell queue; ARGV lane, bell, lease_ms
local due = redis.call('ZSCORE', KEYS[2], ARGV[1])
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
if not due or tonumber(due) > now_ms then return 0 end
redis.call('ZADD', KEYS[2], now_ms + ARGV[3], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('LPUSH', KEYS[3], ARGV[2])
return 1

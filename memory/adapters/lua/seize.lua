-- Take a lane by force: whoever held it fails its next check.
-- KEYS lease, lanes, fence; ARGV lane, lease_ms
local time = redis.call('TIME')
local now_us, last = time[1] * 1000000 + time[2], tonumber(redis.call('GET', KEYS[3]) or '0')
local token = string.format('%.0f', now_us > last and now_us or last + 1)
redis.call('SET', KEYS[3], token)
redis.call('SET', KEYS[1], token, 'PX', ARGV[2])
redis.call('ZADD', KEYS[2], 'XX', math.floor(now_us / 1000) + ARGV[2], ARGV[1])
return token

-- The heartbeat: prolong a lease that is still ours.
-- KEYS lease, lanes; ARGV token, lane, lease_ms
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], 'XX', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[3], ARGV[2])
return 1

-- The heartbeat: prolong a lease that is still ours.
-- KEYS lease, lanes; ARGV token, lane, lease_ms
-- with _clock
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('ZADD', KEYS[2], 'XX', look().monotonic_ms + ARGV[3], ARGV[2])
return 1

-- The heartbeat: prolong a lease that is still ours.
-- KEYS lease; ARGV token, lane, lease_ms
-- with _clock
-- with _ready
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
look_at(ARGV[2], look().monotonic_ms + ARGV[3])
return 1

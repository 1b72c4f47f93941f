-- The heartbeat: prolong a lease that is still ours.
-- KEYS lease; ARGV token, lane, lease_ms
-- with _clock
-- with _ready
local lease = KEYS[1]
local token, lane_name, lease_ms = ARGV[1], ARGV[2], ARGV[3]
if redis.call('GET', lease) ~= token then return 0 end
redis.call('PEXPIRE', lease, lease_ms)
look_at(lane_name, look().monotonic_ms + lease_ms)
return 1
